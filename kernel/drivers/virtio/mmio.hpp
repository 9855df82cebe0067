// virtio over memory-mapped registers [virtio 1.2 4.2]: microvm, Firecracker, arm64 boards.
#pragma once

#include "kernel/drivers/virtio/device.hpp"

namespace spore::drivers::virtio {

/// The device whose registers are at `address`, if there is one. Empty slots give not_found.
Result<Owned<Device>> open_mmio(PhysAddr address, u32 size, u32 line);

}  // namespace spore::drivers::virtio
