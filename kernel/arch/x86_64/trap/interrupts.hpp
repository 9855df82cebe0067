// Device vectors and who handles them.
#pragma once

#include "arch/interrupts.hpp"

namespace spore::arch {

/// A vector of its own for what comes neither by a line nor by a message. busy when none is left.
Result<u8> connect_vector(InterruptHandler handler, void* context);

void dispatch_device_interrupt(u32 vector);

}  // namespace spore::arch
