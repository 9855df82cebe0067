// Message-signalled interrupts of PCI functions [pci 3.0, 6.8].
#pragma once

#include "arch/interrupts.hpp"
#include "kernel/drivers/bus/pci.hpp"

namespace spore::drivers {

/// MSI-X: a table of interrupts, each with its own handler and CPU.
class MsixTable {
public:
    /// not_supported when the function has none.
    Result<void> open(const PciFunction& function);
    /// The number of a further interrupt. busy when the table is full.
    Result<u16> add(const PciFunction& function, u32 cpu, arch::InterruptHandler handler, void* context);

private:
    struct Entry;
    Entry* entries_ = nullptr;
    u16 used_ = 0, size_ = 0;
    u8 capability_ = 0;
};

/// MSI: the function's one interrupt, on CPU 0. not_supported.
Result<void> connect_msi(const PciFunction& function, arch::InterruptHandler handler, void* context);

}  // namespace spore::drivers
