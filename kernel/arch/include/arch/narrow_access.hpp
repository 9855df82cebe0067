// What a CPU remembers of a page after its access was widened.
#pragma once

#include "arch/mmu.hpp"

namespace spore::arch {

/// A CPU faulted at `at`, of which the table now allows what was wanted, and which was not flushed: no CPU is to go by the narrow access again.
void forget_narrower(const PageTable& table, VirtAddr at);

}  // namespace spore::arch
