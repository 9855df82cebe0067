// Cards on PCI.
#pragma once

#include "kernel/drivers/bus/pci.hpp"

namespace spore::drivers::vmxnet3 {

inline constexpr u16 vendor = 0x15ad, product = 0x07b0;

Result<void> attach(const PciFunction& function);

}  // namespace spore::drivers::vmxnet3
