// virtio over PCI [virtio 1.2 4.1], devices of virtio 1.0 and later.
#pragma once

#include "kernel/drivers/bus/pci.hpp"
#include "kernel/drivers/virtio/device.hpp"

namespace spore::drivers::virtio {

Result<Owned<Device>> open_pci(const PciFunction& function);

}  // namespace spore::drivers::virtio
