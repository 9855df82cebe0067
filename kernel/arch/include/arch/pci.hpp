// PCI configuration space, however the machine reaches it.
#pragma once

#include "base/result.hpp"
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

/// Where memory BARs may lie that firmware gave no place; empty where firmware does that.
struct PciWindow {
    PhysAddr start{};
    u64 size = 0;
};
PciWindow pci_window();
/// The line of a function's interrupt pin (1 to 4), on buses that the kernel sets up; not_found where there is none.
Result<u32> pci_pin_line(PciAddress address, u8 pin);

/// A register in I/O space, where I/O BARs lie: `size` of 1, 2 or 4 bytes.
u32 read_io(u32 port, u32 size);
void write_io(u32 port, u32 size, u32 value);

}  // namespace spore::arch
