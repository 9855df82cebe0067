// What a device tree says of the machine, as the kernel uses it.
#pragma once

#include <optional>

#include "arch/boot.hpp"
#include "psci.hpp"
#include "wire/fdt.hpp"

namespace spore::arch {

struct Machine {
    u32 gic_version = 0;  ///< 2 or 3; 0 when there is none
    u32 gic_address_cells = 0;
    PhysAddr distributor{}, cpu_interface{};
    static constexpr u32 max_redistributors = 8;
    MemoryRange redistributors[max_redistributors]{};
    u32 redistributor_count = 0;
    u32 timer_interrupt = 27;  ///< the virtual timer's, which hardly any machine wires elsewhere [arm/DEN0094 BSA]
    PhysAddr message_frame{}, translation_service{};  ///< of a GICv2m, or an ITS
    PhysAddr console{}, wall_clock{};
    MemoryRange pci_configuration{};
    Conduit conduit = Conduit::none;
};

/// One node at a time.
void read_machine_node(Machine& machine, const wire::fdt::Node& node);
/// What boot has read so far.
const Machine& found_machine();

/// A GIC's three cells at `offset` as an INTID.
std::optional<u32> interrupt_at(ByteSpan cells, u64 offset);

/// Calls found(affinity) for each processor that PSCI can start.
void for_each_processor(const wire::fdt::Tree& tree, void (*found)(u64 affinity));

}  // namespace spore::arch
