// Devices that only firmware knows of (ACPI, device tree): those that no bus can list.
#pragma once

#include "base/types.hpp"

namespace spore::arch {

struct VirtioMmioSlot {
    PhysAddr address;
    u32 size, line;
};
/// The next slot that firmware describes; `position` starts at 0. False at the end.
bool next_virtio_mmio(u64& position, VirtioMmioSlot& slot);

}  // namespace spore::arch
