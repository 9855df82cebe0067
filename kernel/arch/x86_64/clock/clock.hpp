// The monotonic clock: the TSC, scaled. Its rate comes from the CPU or hypervisor where they tell; otherwise it is measured against a
// reference of known rate, briefly at boot and again over longer spans while the system runs.
#pragma once

#include "base/types.hpp"

namespace spore::arch {

/// Time zero. The first thing that runs.
void start_boot_clock();

/// Learns the TSC's rate, at least roughly. Before the first timer.
void calibrate_clock();
/// Measures again when enough time has passed; cheap when it has not. From timer interrupts.
void refine_clock();

/// Changes the TSC's rate from now on; time itself does not jump. One CPU at a time.
void set_rate(u64 hertz);

u64 cycles_at(u64 monotonic_nanoseconds);
/// Local APIC timer ticks from now until a point on the monotonic clock, or fewer when it is far: at least one, at most 32 bits.
u32 timer_ticks_until(u64 monotonic_nanoseconds);

/// What a program's own clock (vDSO) computes with: ns = base_ns + ((tsc - base_tsc) * multiplier >> 32). `sequence` is odd while
/// it changes. Fills a page, as programs see all of that; its layout is known to kernel/linux/vdso/vdso.c.
struct alignas(page_size) ClockPage {
    u32 sequence;
    u32 usable;
    u32 has_cpu_number;  ///< TSC_AUX holds each CPU's number
    u32 padding;
    u64 base_cycles;
    u64 base_nanoseconds;
    u64 multiplier;
};
extern ClockPage clock_page;

}  // namespace spore::arch
