// The address space of CPUs that have two halves: programs' is the lower one, the kernel's the upper.
#pragma once

#include "base/types.hpp"

namespace spore::arch {

/// The first address above what programs may use, and the lowest that mmap hands out.
inline constexpr u64 program_end = 0x7fff'ffff'f000;
inline constexpr u64 program_start = 0x1'0000;

/// How much of an anonymous area is filled at once.
inline constexpr u64 anonymous_fill = page_size;
/// Whether memory that was never used is best asked for before it is (bring_memory).
inline constexpr bool memory_comes_by_touch = false;

namespace kernel_half {
inline constexpr u64 start = 0xffff'8000'0000'0000;
inline constexpr u64 direct_map = 0xffff'8000'0000'0000;
inline constexpr u64 stacks = 0xffff'c000'0000'0000;
inline constexpr u64 devices = 0xffff'd000'0000'0000;
inline constexpr u64 image = 0xffff'ffff'8000'0000;
}  // namespace kernel_half

}  // namespace spore::arch
