// How a driver reaches its function on PCI: registers, and interrupts. Each access to a register leaves the virtual machine.
#pragma once

#include "arch/interrupts.hpp"
#include "base/owned.hpp"
#include "base/result.hpp"

namespace spore::drivers {

class PciFunction;

class Hardware {
public:
    virtual ~Hardware() = default;

    virtual u32 read(u32 offset) = 0;
    virtual void write(u32 offset, u32 value) = 0;
    /// Registers that are narrower, which few devices have.
    virtual void write8(u32, u8) {}
    virtual void write16(u32, u16) {}
    /// A message of its own (MSI-X), to `cpu`: its number. not_supported where there is none, busy when no further is left.
    virtual Result<u16> connect_message(u32 cpu, arch::InterruptHandler handler, void* context) = 0;
    /// Where there is none: the function's one interrupt, a message (MSI) or its line.
    virtual Result<void> connect_shared(arch::InterruptHandler handler, void* context) = 0;
    /// The function neither reads nor writes memory any more, whatever it does.
    virtual void cut_off() = 0;
};

/// The registers are the first `size` bytes of a memory BAR; the function may use memory from here on.
Result<Owned<Hardware>> open_hardware(const PciFunction& function, u32 bar, u32 size);

}  // namespace spore::drivers
