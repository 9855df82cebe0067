// Which program's table this CPU translates with, beyond what all machines have.
#pragma once

#include "../../common/mmu/active_table.hpp"

namespace spore::arch {

/// Forgets translations of [start, end) of the kernel's half, on every CPU.
void flush_kernel(VirtAddr start, VirtAddr end);
/// Goes over to an empty table when another CPU waits for that. From its interrupt and from spin loops.
void leave_when_asked();
/// Programs' addresses are no longer translated.
void enter_no_table();

}  // namespace spore::arch
