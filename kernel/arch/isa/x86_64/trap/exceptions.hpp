// What exceptions are numbered, and what the page fault's error code says [intel/vol3 6.3.1, 4.7].
#pragma once

#include "base/types.hpp"

namespace spore::arch::vector {

inline constexpr u32 divide = 0, debug = 1, nmi = 2, breakpoint = 3, overflow = 4, bounds = 5, invalid_opcode = 6, no_device = 7,
                     double_fault = 8, invalid_tss = 10, segment = 11, stack = 12, general_protection = 13, page = 14,
                     x87 = 16, alignment = 17, machine_check = 18, simd = 19;

}  // namespace spore::arch::vector
