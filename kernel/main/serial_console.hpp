// The program's console on a machine without the control channel: plain bytes on the first serial port.
#pragma once

#include "kernel/device/console.hpp"

namespace spore::main {

device::Console& serial_console();

}  // namespace spore::main
