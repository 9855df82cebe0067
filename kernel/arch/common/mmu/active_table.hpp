// Which program's table each CPU translates with. Implemented by each machine.
#pragma once

#include "arch/mmu.hpp"

namespace spore::arch {

/// Makes this CPU translate with the table at `root`, if it does not already.
void enter_table(PhysAddr root);
/// No CPU may go on using the table: it is about to be freed.
void leave_table(PhysAddr root);
/// Forgets translations of [start, end) on every CPU that has the table loaded; returns when all have.
void flush_table(PhysAddr root, VirtAddr start, VirtAddr end);

}  // namespace spore::arch
