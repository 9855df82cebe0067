// The generic interrupt controller, of version 2 [arm/IHI0048] or 3 and later [arm/IHI0069], behind one face. Interrupts are known by their
// INTID: 0 to 15 from CPU to CPU, 16 to 31 of a CPU's own devices, 32 to 1019 lines, from 8192 messages through an ITS.
#pragma once

#include <span>

#include "../cpu/local.hpp"
#include "arch/boot.hpp"
#include "arch/interrupts.hpp"

namespace spore::arch {

namespace interrupt {
inline constexpr u32 kick = 0, stop = 1, leave = 2;  // from CPU to CPU
inline constexpr u32 first_own = 16, first_line = 32, last_line = 1019, first_message = 8192;
}  // namespace interrupt

/// Version 2: one distributor, and a CPU interface whose registers are each CPU's own.
Result<void> start_gic_v2(PhysAddr distributor, PhysAddr cpu_interface);
/// Version 3: the CPU interface is in system registers, what a CPU's own interrupts need in one of the regions of redistributors.
Result<void> start_gic_v3(PhysAddr distributor, std::span<const MemoryRange> redistributors);

/// Whether a processor can take interrupts once it is started. For the boot CPU to ask: enable_cpu_interrupts() then needs to map nothing.
bool knows_processor(u64 affinity);
/// Lets this CPU take interrupts: those of other CPUs, and `timer`. not_found when the controller does not know it.
Result<void> enable_cpu_interrupts(CpuLocal& cpu, u32 timer);

/// What the controller hands out: an INTID and what else it wants back at the end.
struct Acknowledged {
    u32 word;
    u32 id() const;
    /// Something is to be handled.
    bool is_interrupt() const;
};
Acknowledged acknowledge_interrupt();
void end_interrupt(Acknowledged acknowledged);

void send_interrupt(const CpuLocal& to, u32 id);
/// Runs the handler of an INTID from 8192 on.
void handle_message(u32 id);
/// Sends a line to a CPU. not_found when the controller has no such line.
Result<void> enable_line(u32 line, Trigger trigger, u32 cpu);

}  // namespace spore::arch
