// The kernel's half of the address space.
#pragma once

#include <span>

#include "arch/boot.hpp"

namespace spore::arch {

/// Where the image lies in physical memory. Before anything else.
void set_image_address(PhysAddr image);

/// Replaces the boot tables by the final ones: the image W^X, `memory` in the direct map, nothing in the low half. Takes pages for tables
/// from the usable ranges.
void build_kernel_map(BootInfo& info, std::span<const MemoryRange> memory);
/// Maps the page of registers that is needed before there is an allocator for more.
void* map_early_device(PhysAddr registers);

}  // namespace spore::arch
