// The kernel's half of the address space.
#pragma once

#include <span>

#include "arch/boot.hpp"

namespace spore::arch {

/// Where the image lies in physical memory. Before anything else.
void set_image_address(PhysAddr image);

/// Replaces the boot tables by the final ones: the image W^X, `memory` in the direct map, nothing in the low half. Takes pages for tables
/// from the usable ranges. `device` is one page of registers that is needed before there is an allocator; 0 for none.
void build_kernel_map(BootInfo& info, std::span<const MemoryRange> memory, PhysAddr device);
/// Where that device's registers are seen.
void* early_device();

}  // namespace spore::arch
