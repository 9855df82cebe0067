// What a frame's vector says beyond exceptions. A system call's is the distance from its instruction to the address that it returns to.
#pragma once

#include "base/types.hpp"

namespace spore::arch::vector {

inline constexpr u32 interrupt = 0x100;  ///< what for is in CpuLocal::news

}  // namespace spore::arch::vector
