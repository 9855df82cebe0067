// The end of a machine whose program has started: when the program ends, and when somebody asks the machine to stop.
#pragma once

#include "kernel/device/stop_request.hpp"
#include "kernel/linux/start.hpp"

namespace spore::main {

/// What the program is sent when the machine is asked to stop. Before the first request.
void set_stop_signal(u32 number);

/// The first call asks the program to end, by that signal; one that follows another within five seconds ends the machine without it. What the last call wants is what the machine comes to, also
/// where the program ends by itself. In any context, interrupts included.
void ask_to_stop(device::AfterEnd after);

/// The program has ended: what it sent and wrote is brought to where it belongs, the host is told, and the machine ends. In a thread.
[[noreturn]] void end_after_program(linux::End end);
/// The same, when the program wants the machine to restart.
[[noreturn]] void restart_for_program();

}  // namespace spore::main
