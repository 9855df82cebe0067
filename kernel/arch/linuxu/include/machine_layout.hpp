// Where things lie in the host process. What the host itself puts there (its stack, its vDSO) comes above; programs get all that is below.
#pragma once

#include "base/types.hpp"

namespace spore::arch {

inline constexpr u64 program_end = 0x7000'0000'0000;
inline constexpr u64 program_start = 0x1'0000;  // vm.mmap_min_addr

/// How much of an anonymous area is filled at once: a fault, two signals and a host call, costs as much as filling this.
inline constexpr u64 anonymous_fill = 64_KiB;
/// The host gives memory page by page, at a fault each, or many pages in one call.
inline constexpr bool memory_comes_by_touch = true;

namespace kernel_half {
inline constexpr u64 start = program_end;
inline constexpr u64 image = 0x7000'0000'0000;       ///< kernel.ld
inline constexpr u64 direct_map = 0x7100'0000'0000;
inline constexpr u64 stacks = 0x7400'0000'0000;
inline constexpr u64 stack_frames = 0x7500'0000'0000;  ///< what is mapped where in `stacks`
inline constexpr u64 own = 0x7540'0000'0000;  ///< of each process alone
}  // namespace kernel_half

}  // namespace spore::arch
