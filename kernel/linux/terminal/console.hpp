// The machine's one console as a terminal: /dev/console; and /dev/tty, the caller's own terminal, whichever that is.
#pragma once

#include "base/result.hpp"
#include "kernel/device/console.hpp"

namespace spore::linux {

/// Puts line editing and job control over `console`, and registers /dev/console. At boot, once; the first process's session becomes the
/// terminal's.
Result<void> start_terminal(device::Console& console);
/// The console's window has another size. False when there is no terminal.
bool terminal_window_changed();
/// Registers /dev/tty.
Result<void> register_own_terminal();

}  // namespace spore::linux
