// Keeping the CPUs' translation caches true: which CPU uses which table, and telling them what to forget.
#pragma once

#include "arch/mmu.hpp"

namespace spore::arch {

/// Makes this CPU translate with the table at `root`, if it does not already.
void enter_table(PhysAddr root);
/// No CPU may go on using the table: it is about to be freed.
void leave_table(PhysAddr root);
/// Forgets translations of [start, end) on every CPU that has the table loaded; returns when all have.
void flush_table(PhysAddr root, VirtAddr start, VirtAddr end);
/// The same for the kernel's half, on every CPU.
void flush_kernel(VirtAddr start, VirtAddr end);
/// Does what other CPUs asked this one to. From the flush interrupt and from spin loops.
void serve_flushes();

}  // namespace spore::arch
