// The program's console on a machine that has nothing else: what it writes goes to wherever the kernel's own words go.
#pragma once

#include "kernel/device/console.hpp"

namespace spore::main {

device::Console& serial_console();

}  // namespace spore::main
