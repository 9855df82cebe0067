// What a device tree says of the machine.
#pragma once

#include "arch/firmware.hpp"
#include "machine.hpp"
#include "wire/fdt.hpp"

namespace spore::arch {

/// One node at a time.
void read_machine_node(Machine& machine, const wire::fdt::Node& node);
/// A GIC's three cells at `offset` as an INTID.
std::optional<u32> interrupt_at(ByteSpan cells, u64 offset);
/// Calls found(affinity) for each processor that PSCI can start.
void for_each_processor_in_tree(void (*found)(u64 affinity));
bool next_virtio_mmio_in_tree(u64& position, VirtioMmioSlot& slot);

}  // namespace spore::arch
