// Controllers on PCI.
#pragma once

#include "kernel/drivers/bus/pci.hpp"

namespace spore::drivers::ahci {

/// The class of controllers with this interface [Serial ATA AHCI 1.3.1, 2.1.5].
inline constexpr u32 kind = 0x01'06'01;

Result<void> attach(const PciFunction& function);

}  // namespace spore::drivers::ahci
