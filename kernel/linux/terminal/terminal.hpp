// The machine's one terminal: /dev/console, and /dev/tty for the session that it controls.
#pragma once

#include "base/result.hpp"
#include "kernel/device/console.hpp"

namespace spore::linux {

/// Puts line editing and job control over `console`, and registers /dev/console and /dev/tty. At boot, once; the first process's session
/// becomes the terminal's.
Result<void> start_terminal(device::Console& console);
/// The console's window has another size. False when there is no terminal.
bool terminal_window_changed();

}  // namespace spore::linux
