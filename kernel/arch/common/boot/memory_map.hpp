// Collects what the loader says of memory, and takes out what is occupied.
#pragma once

#include "arch/boot.hpp"

namespace spore::arch {

/// Adds RAM; pages only, below 1 MiB nothing (firmware's, and the trampoline's).
void add_ram(BootInfo& info, u64 start, u64 end);
/// Makes the direct map reach over memory that firmware reserved at the end of RAM: its tables lie there.
void cover_tables(BootInfo& info, u64 start, u64 end);
/// Takes [start, end) out of the usable ranges.
void occupy(BootInfo& info, u64 start, u64 end);
/// Sorts the ranges by address.
void sort_ranges(BootInfo& info);

}  // namespace spore::arch
