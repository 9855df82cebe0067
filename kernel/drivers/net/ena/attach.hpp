// Devices on PCI.
#pragma once

#include "kernel/drivers/bus/pci.hpp"

namespace spore::drivers::ena {

inline constexpr u16 vendor = 0x1d0f;

constexpr bool is_product(u16 product) { return product == 0xec20 || product == 0xec21 || product == 0x0ec2 || product == 0x1ec2; }

Result<void> attach(const PciFunction& function);

}  // namespace spore::drivers::ena
