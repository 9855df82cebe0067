// PCI configuration mechanism #1: an address port and a data port [pci 3.0, 3.2.2.3.2].
#include "arch/pci.hpp"

#include "../instructions.hpp"
#include "kernel/sync/spin.hpp"

namespace spore::arch {
namespace {
constexpr u16 address_port = 0xcf8, data_port = 0xcfc;
constinit sync::Spin lock;

u32 select(PciAddress a, u16 offset) {
    return 0x80000000u | u32{a.bus} << 16 | u32{a.device} << 11 | u32{a.function} << 8 | (offset & 0xfcu);
}
}  // namespace

bool has_pci() {
    Guard guard(lock);
    out32(address_port, 0x80000000u);
    return in32(address_port) == 0x80000000u;
}

u32 read_pci(PciAddress address, u16 offset) {
    Guard guard(lock);
    out32(address_port, select(address, offset));
    return in32(data_port);
}

void write_pci(PciAddress address, u16 offset, u32 value) {
    Guard guard(lock);
    out32(address_port, select(address, offset));
    out32(data_port, value);
}

// A PC's firmware has placed all BARs and written lines into configuration space.
PciWindow pci_window() { return {}; }
Result<u32> pci_pin_line(PciAddress, u8) { return fail(Error::not_found); }

u32 read_io(u32 port, u32 size) {
    auto at = static_cast<u16>(port);
    return size == 1 ? in8(at) : size == 2 ? in16(at) : in32(at);
}

void write_io(u32 port, u32 size, u32 value) {
    auto at = static_cast<u16>(port);
    if (size == 1) out8(at, static_cast<u8>(value));
    else if (size == 2) out16(at, static_cast<u16>(value));
    else out32(at, value);
}

}  // namespace spore::arch
