// virtio over PCI [virtio 1.2 4.1].
#pragma once

#include "kernel/drivers/bus/pci.hpp"
#include "kernel/drivers/virtio/device.hpp"

namespace spore::drivers::virtio {

/// The device behind a function with virtio's vendor number: of virtio 1.0 or later if it can be one, legacy otherwise.
Result<Owned<Device>> open_pci(const PciFunction& function);
/// Legacy: everything is behind an I/O BAR [4.1.4.10]. not_supported without one.
Result<Owned<Device>> open_legacy_pci(const PciFunction& function);

}  // namespace spore::drivers::virtio
