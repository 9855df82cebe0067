// The program's console on a machine without the control channel: a terminal at the first serial port, where a person may sit, or a log.
#pragma once

#include "kernel/device/console.hpp"

namespace spore::drivers {

/// Null where there is no port that takes input.
device::Console* open_serial_console();

}  // namespace spore::drivers
