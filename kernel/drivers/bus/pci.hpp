// The PCI bus: finds functions and hands them to their drivers.
#pragma once

#include <optional>

#include "arch/pci.hpp"
#include "base/result.hpp"

namespace spore::drivers {

/// One function on the bus. Firmware, or pci_places.hpp, has assigned its BARs.
class PciFunction {
public:
    explicit PciFunction(arch::PciAddress address) : address_(address) {}

    u16 vendor() const { return static_cast<u16>(read(0)); }
    u16 product() const { return static_cast<u16>(read(0) >> 16); }
    /// Class, subclass and programming interface [pci code and id assignment 1.11].
    u32 kind() const { return read(8) >> 8; }
    u8 revision() const { return read_byte(8); }
    /// 1 for bridges, with bit 7 when the device has several functions [pci 3.0, 6.1].
    u8 header_type() const { return read_byte(0x0e); }
    bool is_bridge() const { return (header_type() & 0x7f) == 1; }
    bool is_multi_function() const { return header_type() & 0x80; }
    u32 read(u16 offset) const { return arch::read_pci(address_, offset); }
    void write(u16 offset, u32 value) const { arch::write_pci(address_, offset, value); }
    u8 read_byte(u16 offset) const { return static_cast<u8>(read(static_cast<u16>(offset & ~3)) >> (offset & 3) * 8); }

    /// Where memory BAR `index` lies; nothing for I/O or unassigned ones.
    std::optional<PhysAddr> memory_bar(u32 index) const;
    /// How many bytes memory BAR `index` decodes; 0 for I/O or none. Before the function is in use: it decodes nothing meanwhile.
    u64 memory_bar_size(u32 index) const;
    /// Where I/O BAR `index` begins in I/O space; nothing for memory or unassigned ones.
    std::optional<u32> io_bar(u32 index) const;
    /// The interrupt line that it is routed to.
    u8 line() const { return read_byte(0x3c); }
    /// Lets it decode memory and I/O and do bus mastering.
    void enable() const;
    /// It does bus mastering no more.
    void disable() const;

    /// Offset of the next capability with `id` after `after` (0: the first); 0 when there is none [pci 3.0, 6.7].
    u8 find_capability(u8 id, u8 after = 0) const;

    arch::PciAddress address() const { return address_; }

private:
    arch::PciAddress address_;
};

/// Calls visit(function) for each function on one bus.
template <typename Visit>
void for_each_function(u8 bus, Visit&& visit) {
    for (u8 device = 0; device < 32; ++device) {
        bool several = true;
        for (u8 number = 0; number < 8 && several; ++number) {
            PciFunction function({bus, device, number});
            bool there = function.vendor() != 0xffff;
            if (number == 0) several = there && function.is_multi_function();
            if (there) visit(function);
        }
    }
}

/// Walks all buses and starts drivers, but for those of disk controllers.
void start_pci();
/// And those. Once all CPUs run, each of which may get a queue of its own.
void start_pci_disks();

}  // namespace spore::drivers
