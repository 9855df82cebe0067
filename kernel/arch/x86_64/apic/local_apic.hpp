// The local APIC: this CPU's interrupts, its timer, and interrupts to other CPUs [intel/vol3 11]. x2APIC where there is one.
#pragma once

#include "base/types.hpp"

namespace spore::arch {

/// Finds and enables the boot CPU's; `enable_local_apic` is for each further CPU.
void start_local_apic();
void enable_local_apic();
u32 local_apic_id();
void end_of_interrupt();

void send_interrupt(u32 apic_id, u32 vector);
void send_init(u32 apic_id);
void send_startup(u32 apic_id, u8 page);

/// Lets the timer count down from its maximum, to be measured, where it does not follow the TSC by itself (features.tsc_deadline).
void start_timer_measurement();
u32 read_timer_count();

}  // namespace spore::arch
