// Devices that only firmware knows of (ACPI, device tree): those that no bus can list.
#pragma once

#include "arch/interrupts.hpp"
#include "wire/acpi.hpp"

namespace spore::arch {

struct VirtioMmioSlot {
    PhysAddr address;
    u32 size, line;
};
/// The next slot that firmware describes; `position` starts at 0. False at the end.
bool next_virtio_mmio(u64& position, VirtioMmioSlot& slot);

/// ACPI's tables of fixed hardware (FADT) and of other devices (DSDT); empty where there are none.
struct AcpiTables {
    wire::acpi::Table fixed{}, others{};
};
AcpiTables acpi_tables();

/// A key on a pin of a PL061 that is to turn the machine off.
struct PowerKey {
    PhysAddr controller;
    u32 line;
    u8 pin;
    bool active_low;
};
/// The one that a device tree describes; nothing where there is none.
std::optional<PowerKey> find_power_key();

}  // namespace spore::arch
