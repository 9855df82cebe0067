// PCI configuration space, however the machine reaches it.
#pragma once

#include "base/types.hpp"

namespace spore::arch {

struct PciAddress {
    u8 bus, device, function;
};

/// Whether there is PCI at all.
bool has_pci();
/// One aligned 32-bit word of a function's configuration space; all ones where nothing is.
u32 read_pci(PciAddress address, u16 offset);
void write_pci(PciAddress address, u16 offset, u32 value);

/// A register in I/O space, where I/O BARs lie: `size` of 1, 2 or 4 bytes.
u32 read_io(u32 port, u32 size);
void write_io(u32 port, u32 size, u32 value);

}  // namespace spore::arch
