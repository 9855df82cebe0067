// I/O APICs: interrupt lines to vectors [intel 82093AA].
#pragma once

#include "arch/interrupts.hpp"
#include "base/result.hpp"

namespace spore::arch {

/// One I/O APIC at `address`, whose first line is `first_line` (from ACPI's MADT or the MP table).
Result<void> add_io_apic(PhysAddr address, u32 first_line);
/// A line of the ISA bus that is wired to another one, or with another polarity (MADT interrupt source override).
void override_isa_line(u8 isa_line, u32 line, bool active_low, bool level);
/// Sends `line` to `vector` on the CPU with `apic_id`. not_found when no I/O APIC has it.
Result<void> route_line(u32 line, u8 vector, u32 apic_id, Trigger trigger);

}  // namespace spore::arch
