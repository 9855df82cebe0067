#include "kernel/drivers/bus/pci.hpp"

#include "kernel/core/log.hpp"
#include "kernel/core/parts.hpp"
#include "kernel/drivers/block/ahci/attach.hpp"
#include "kernel/drivers/block/nvme/attach.hpp"
#include "kernel/drivers/block/pvscsi/attach.hpp"
#include "kernel/drivers/bus/pci_places.hpp"
#include "kernel/drivers/net/e1000/attach.hpp"
#include "kernel/drivers/net/ena/attach.hpp"
#include "kernel/drivers/net/gve/attach.hpp"
#include "kernel/drivers/net/vmxnet3/attach.hpp"
#include "kernel/drivers/virtio/pci.hpp"

namespace spore::drivers {
namespace {

constexpr u16 command_register = 0x04, first_bar = 0x10, bridge_buses = 0x18, capabilities = 0x34;
constexpr u32 decode_and_master = 0x7, bus_master = 0x4, has_capabilities = 1 << 20;
constexpr u16 virtio_vendor = 0x1af4, virtio_scsi = 0x1048, virtio_scsi_before_1_0 = 0x1004;

void found_virtio(const PciFunction& function) {
    auto device = virtio::open_pci(function);
    if (!device) return core::warn("the virtio device {:x} on PCI cannot be used", function.product());
    if (!virtio::attach(std::move(*device))) core::warn("the virtio device {:x} on PCI does not start", function.product());
}

bool leads_to_disks(const PciFunction& function) { return function.product() == virtio_scsi || function.product() == virtio_scsi_before_1_0; }

void found(const PciFunction& function) {
    if (function.vendor() == virtio_vendor) return leads_to_disks(function) ? void() : found_virtio(function);
    if constexpr (core::has(core::Part::vmxnet3))
        if (function.vendor() == vmxnet3::vendor && function.product() == vmxnet3::product && !vmxnet3::attach(function))
            core::warn("the vmxnet3 on PCI does not start");
    if constexpr (core::has(core::Part::ena))
        if (function.vendor() == ena::vendor && ena::is_product(function.product()) && !ena::attach(function)) core::warn("the ena on PCI does not start");
    if constexpr (core::has(core::Part::gve))
        if (function.vendor() == gve::vendor && function.product() == gve::product && !gve::attach(function)) core::warn("the gve on PCI does not start");
    if (function.vendor() != e1000::vendor) return;
    if constexpr (core::has(core::Part::e1000))
        if (auto* model = e1000::find_model(function.product()); model && !e1000::attach(function, *model))
            core::warn("the {} on PCI does not start", model->driver);
}

void found_disk(const PciFunction& function) {
    if (function.vendor() == virtio_vendor && leads_to_disks(function)) return found_virtio(function);
    u32 kind = function.kind();
    auto take = [&](const char* name, auto attach) {
        if (!attach(function)) core::warn("the {} controller on PCI does not start", name);
    };
    if constexpr (core::has(core::Part::nvme))
        if (kind == nvme::kind) take("NVMe", nvme::attach);
    if constexpr (core::has(core::Part::ahci))
        if (kind == ahci::kind) take("SATA", ahci::attach);
    if constexpr (core::has(core::Part::pvscsi))
        if (function.vendor() == pvscsi::vendor && function.product() == pvscsi::product) take("PVSCSI", pvscsi::attach);
}

void walk_bus(void (*visit)(const PciFunction&), u8 bus = 0, unsigned depth = 0) {
    for_each_function(bus, [&](const PciFunction& function) {
        if (!function.is_bridge()) return visit(function);
        u8 secondary = static_cast<u8>(function.read(bridge_buses) >> 8);  // numbered by firmware, or place_pci_functions()
        if (secondary > bus && depth < 8) walk_bus(visit, secondary, depth + 1);
    });
}

}  // namespace

std::optional<PhysAddr> PciFunction::memory_bar(u32 index) const {
    if (index > 5) return std::nullopt;
    u16 offset = static_cast<u16>(first_bar + index * 4);
    u32 low = read(offset);
    if (low & 1) return std::nullopt;
    u64 address = low & ~15u;
    if ((low & 6) == 4 && index < 5) address |= u64{read(static_cast<u16>(offset + 4))} << 32;
    if (!address) return std::nullopt;
    return PhysAddr{address};
}

/// Of all ones, what the size leaves free stays [pci 3.0, 6.2.5.1].
u64 PciFunction::memory_bar_size(u32 index) const {
    if (index > 5) return 0;
    constexpr u32 decode = 3, flags = 15;
    u16 at = static_cast<u16>(first_bar + index * 4), upper = static_cast<u16>(at + 4);
    u32 old = read(at), command = read(command_register) & 0xffff;
    if (old & 1) return 0;
    bool wide = (old & 6) == 4 && index < 5;
    write(command_register, command & ~decode);
    write(at, ~0u);
    u64 stays = read(at) & ~flags;
    write(at, old);
    if (wide) {
        u32 old_upper = read(upper);
        write(upper, ~0u);
        stays |= u64{read(upper)} << 32;
        write(upper, old_upper);
    } else if (stays) {
        stays |= ~u64{0} << 32;
    }
    write(command_register, command);
    return stays ? ~stays + 1 : 0;
}

std::optional<u32> PciFunction::io_bar(u32 index) const {
    if (index > 5) return std::nullopt;
    u32 value = read(static_cast<u16>(first_bar + index * 4));
    if (!(value & 1) || !(value & ~3u)) return std::nullopt;
    return value & ~3u;
}

// Writing zeros to the status in the upper half changes nothing there.
void PciFunction::enable() const { write(command_register, (read(command_register) & 0xffff) | decode_and_master); }
void PciFunction::disable() const { write(command_register, read(command_register) & 0xffff & ~bus_master); }

u8 PciFunction::find_capability(u8 id, u8 after) const {
    if (!(read(command_register) & has_capabilities)) return 0;
    u8 at = after ? read_byte(static_cast<u16>(after + 1)) : read_byte(capabilities);
    for (int steps = 0; steps < 48 && at >= 0x40; ++steps) {
        at &= 0xfc;
        if (read_byte(at) == id) return at;
        at = read_byte(static_cast<u16>(at + 1));
    }
    return 0;
}

void start_pci() {
    if (!arch::has_pci()) return;
    place_pci_functions(arch::pci_window());
    walk_bus(found);
}

void start_pci_disks() {
    if (arch::has_pci()) walk_bus(found_disk);
}

}  // namespace spore::drivers
