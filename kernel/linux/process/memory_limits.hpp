// Those of a process's limits that its address space keeps to itself.
#pragma once

#include "kernel/linux/process/process.hpp"

namespace spore::linux {

/// After they changed, and for each new space: its own begins without.
inline void limit_memory(Process& process, memory::AddressSpace& memory) {
    memory.set_limits(process.limit(limit_address_space).soft, process.limit(limit_data).soft, process.limit(limit_stack).soft);
}

}  // namespace spore::linux
