// Physical memory and page tables for unit tests: physical memory is one piece of host memory, a page table is a std::map.
#pragma once

#include "arch/mmu.hpp"

namespace spore::fakes {

inline constexpr u64 physical_size = 512_MiB;
inline constexpr u64 memory_start = 1_MiB;  ///< below lies what the kernel does not own

/// Fresh memory of `size` bytes for the allocators, whatever was there before. At start there are 256 MiB.
void reset_memory(u64 size = 256_MiB);

/// How often PageTable::flush was called.
u64 flush_count();

/// The table that activate() was called on last by this thread; null root when none.
PhysAddr active_table();
/// Looks up `at` in the active table as the processor would: the host's address of the byte, or null when a fault is due.
std::byte* translate(VirtAddr at, arch::Access wanted);

}  // namespace spore::fakes
