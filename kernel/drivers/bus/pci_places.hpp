// Giving PCI functions their place in memory, where no firmware did.
#pragma once

#include "arch/pci.hpp"

namespace spore::drivers {

/// Numbers the buses below bus 0, gives every memory BAR without an address one from the window and bridges the part that their buses
/// use, and notes interrupt lines where drivers look for them. What does not fit stays without.
void place_pci_functions(arch::PciWindow window);

}  // namespace spore::drivers
