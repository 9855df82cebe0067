// Keeping the CPUs' translation caches true: which CPU uses which table, and telling them what to forget.
#pragma once

#include "../../../common/mmu/active_table.hpp"

namespace spore::arch {

/// flush_table for the kernel's half, on every CPU.
void flush_kernel(VirtAddr start, VirtAddr end);
/// Does what other CPUs asked this one to. From the flush interrupt and from spin loops.
void serve_flushes();

}  // namespace spore::arch
