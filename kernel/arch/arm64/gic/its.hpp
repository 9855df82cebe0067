// The interrupt translation service of a GICv3 [arm/IHI0069 chapter 5]: turns what devices write into messages (LPIs), by device and event.
#pragma once

#include "arch/interrupts.hpp"

namespace spore::arch {

/// Messages that can be connected.
inline constexpr u32 max_messages = 256;

/// Routes a new message of the device to a CPU. `index` is its number from 0 to max_messages - 1, of which the INTID follows.
Result<Message> translate_message(PhysAddr its, u32 device, u32 cpu, u32 index);

}  // namespace spore::arch
