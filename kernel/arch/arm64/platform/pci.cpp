// PCI configuration space in memory (ECAM) [pcie 7.2.2]: a page for each function.
#include "arch/pci.hpp"

#include "../boot/device_tree.hpp"
#include "arch/mmu.hpp"
#include "kernel/sync/spin.hpp"
#include "machine.hpp"

namespace spore::arch {
namespace {

constexpr u64 bus_size = 1_MiB;

constinit volatile std::byte* buses[256];  ///< mapped when first looked at
constinit sync::Spin lock;

volatile u32* word(PciAddress address, u16 offset) {
    auto& window = found_machine().pci_configuration;
    if (u64 start = u64{address.bus} * bus_size; start + bus_size > window.end - window.start) return nullptr;
    {
        Guard guard(lock);
        if (!buses[address.bus]) {
            auto mapped = map_device(window.start + u64{address.bus} * bus_size, bus_size);
            if (!mapped) return nullptr;
            buses[address.bus] = static_cast<volatile std::byte*>(*mapped);
        }
    }
    auto function = u64{address.device} << 15 | u64{address.function} << 12;
    return reinterpret_cast<volatile u32*>(buses[address.bus] + function + (offset & 0xffcu));
}

}  // namespace

bool has_pci() { return found_machine().pci_configuration.end.value != 0; }

u32 read_pci(PciAddress address, u16 offset) {
    auto* at = word(address, offset);
    return at ? *at : ~0u;
}

void write_pci(PciAddress address, u16 offset, u32 value) {
    if (auto* at = word(address, offset)) *at = value;
}

// I/O space has no place in memory here: no BAR of that kind is ever assigned.
u32 read_io(u32, u32) { return ~0u; }
void write_io(u32, u32, u32) {}

}  // namespace spore::arch
