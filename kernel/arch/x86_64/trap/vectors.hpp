// Trap vectors [intel/vol3 6.3.1] and the interrupts that we hand out.
#pragma once

#include "base/types.hpp"

namespace spore::arch::vector {

inline constexpr u32 divide = 0, debug = 1, nmi = 2, breakpoint = 3, overflow = 4, bounds = 5, invalid_opcode = 6, no_device = 7,
                     double_fault = 8, invalid_tss = 10, segment = 11, stack = 12, general_protection = 13, page = 14,
                     x87 = 16, alignment = 17, machine_check = 18, simd = 19;
inline constexpr u32 first_external = 0x20;
inline constexpr u32 first_device = 0x30;  ///< allocated to devices one by one
inline constexpr u32 last_device = 0xef;
inline constexpr u32 timer = 0xf0;
inline constexpr u32 kick = 0xf1;
inline constexpr u32 flush = 0xf2;
inline constexpr u32 stop = 0xf3;
inline constexpr u32 spurious = 0xff;

}  // namespace spore::arch::vector
