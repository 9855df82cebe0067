// Controllers on PCI.
#pragma once

#include "kernel/drivers/bus/pci.hpp"

namespace spore::drivers::nvme {

/// The class of controllers with this interface [NVM Express 1.4, 2.1.5].
inline constexpr u32 kind = 0x01'08'02;

Result<void> attach(const PciFunction& function);

}  // namespace spore::drivers::nvme
