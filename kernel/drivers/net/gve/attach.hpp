// Devices on PCI.
#pragma once

#include "kernel/drivers/bus/pci.hpp"

namespace spore::drivers::gve {

inline constexpr u16 vendor = 0x1ae0, product = 0x0042;

Result<void> attach(const PciFunction& function);

}  // namespace spore::drivers::gve
