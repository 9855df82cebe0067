// What ACPI's tables say of the machine.
#pragma once

#include "arch/firmware.hpp"
#include "machine.hpp"
#include "wire/acpi.hpp"

namespace spore::arch {

/// Fills `machine` from the tables below the RSDP at `root`, which stay where they are. False when there are none.
bool read_acpi_machine(Machine& machine, wire::acpi::PhysicalReader& reader, u64 root);
void for_each_processor_in_acpi(void (*found)(u64 affinity));
bool next_virtio_mmio_in_acpi(u64& position, VirtioMmioSlot& slot);

}  // namespace spore::arch
