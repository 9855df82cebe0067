// PCI configuration space in memory (ECAM) [pcie 7.2.2]: a page for each function.
#include "arch/pci.hpp"

#include "../boot/device_tree.hpp"
#include "arch/device_register.hpp"
#include "arch/mmu.hpp"
#include "kernel/sync/spin.hpp"
#include "machine.hpp"
#include "tree_machine.hpp"

namespace spore::arch {

using namespace wire::fdt;

namespace {

constexpr u64 bus_size = 1_MiB;

constinit std::byte* buses[256];  ///< mapped when first looked at
constinit sync::Spin lock;

DeviceRegister<u32>* word(PciAddress address, u16 offset) {
    auto& window = found_machine().pci_configuration;
    if (u64 start = u64{address.bus} * bus_size; start + bus_size > window.end - window.start) return nullptr;
    {
        Guard guard(lock);
        if (!buses[address.bus]) {
            auto mapped = map_device(window.start + u64{address.bus} * bus_size, bus_size);
            if (!mapped) return nullptr;
            buses[address.bus] = static_cast<std::byte*>(*mapped);
        }
    }
    auto function = u64{address.device} << 15 | u64{address.function} << 12;
    return reinterpret_cast<DeviceRegister<u32>*>(buses[address.bus] + function + (offset & 0xffcu));
}

}  // namespace

bool has_pci() { return found_machine().pci_configuration.end.value != 0; }

u32 read_pci(PciAddress address, u16 offset) {
    auto* at = word(address, offset);
    return at ? u32{*at} : ~0u;
}

void write_pci(PciAddress address, u16 offset, u32 value) {
    if (auto* at = word(address, offset)) *at = value;
}

namespace {

/// The host bridge's node.
const Node* host_bridge() {
    static constinit std::optional<Node> found;
    if (!found) {
        Walk walk(device_tree());
        while ((found = walk.next()) && !(found->compatible() == "pci-host-ecam-generic")) {}
    }
    return found ? &*found : nullptr;
}

/// Cells of an address on the bus, and of one entry of `ranges`: bus address, CPU address, size [devicetree PCI bus binding 2.2].
constexpr u32 bus_cells = 3, range_cells = bus_cells + 2 + 2;
constexpr u32 space_mask = 0x0300'0000, memory_space = 0x0200'0000;

}  // namespace

PciWindow pci_window() {
    auto* node = host_bridge();
    auto ranges = node ? node->property("ranges") : std::nullopt;
    if (!ranges || node->cells().address != 2) return {};
    for (u64 at = 0; at + range_cells * 4 <= ranges->size(); at += range_cells * 4) {
        auto space = *read_cells(*ranges, at, 1);
        u64 on_bus = *read_cells(*ranges, at + 4, 2), here = *read_cells(*ranges, at + 12, 2), size = *read_cells(*ranges, at + 20, 2);
        // Memory below 4 GiB takes every BAR.
        if ((space & space_mask) == memory_space && on_bus == here && size && size <= 4_GiB && here <= 4_GiB - size) return {{here}, size};
    }
    return {};
}

Result<u32> pci_pin_line(PciAddress address, u8 pin) {
    auto* node = host_bridge();
    auto map = node ? node->property("interrupt-map") : std::nullopt;
    auto mask = node ? node->property("interrupt-map-mask") : std::nullopt;
    if (!map || !mask) return fail(Error::not_found);
    u32 wanted = (u32{address.bus} << 16 | u32{address.device} << 11 | u32{address.function} << 8) & static_cast<u32>(read_cells(*mask, 0, 1).value_or(0));
    // Bus address, pin, controller, an address below the controller in its own cells, and the interrupt there.
    u64 entry = (bus_cells + 1 + 1 + found_machine().gic_address_cells + 3) * 4;
    for (u64 at = 0; at + entry <= map->size(); at += entry) {
        if (*read_cells(*map, at, 1) != wanted || *read_cells(*map, at + bus_cells * 4, 1) != pin) continue;
        if (auto line = interrupt_at(*map, at + entry - 12)) return *line;
    }
    return fail(Error::not_found);
}

// I/O space has no place in memory here: no BAR of that kind is ever assigned.
u32 read_io(u32, u32) { return ~0u; }
void write_io(u32, u32, u32) {}

}  // namespace spore::arch
