// The kernel's half of the address space.
#pragma once

#include "arch/boot.hpp"
#include "base/result.hpp"

namespace spore::arch {

/// Replaces the boot tables by the final ones: the image W^X, all memory in the direct map, nothing below. Takes pages for
/// tables from the usable ranges.
void build_kernel_map(BootInfo& info);

/// Makes memory reachable that lies beyond the direct map: tables of firmware's, pages of a hypervisor's. Never undone.
Result<void*> map_memory(PhysAddr at, std::size_t size);

/// Maps the first GiB at its own address too, for starting processors; false takes it away again.
void map_low_memory(bool mapped);

}  // namespace spore::arch
