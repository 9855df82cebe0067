// Controllers on PCI.
#pragma once

#include "kernel/drivers/bus/pci.hpp"
#include "kernel/drivers/net/e1000/model.hpp"

namespace spore::drivers::e1000 {

Result<void> attach(const PciFunction& function, const Model& model);

}  // namespace spore::drivers::e1000
