// The monotonic clock: a counter of the CPU's (arch::cycles), scaled. The page it is kept in is read by programs themselves, too.
#pragma once

#include "base/types.hpp"

namespace spore::arch {

/// Time zero. The first thing that runs.
void start_boot_clock();

/// Changes the counter's rate from now on; time itself does not jump. One CPU at a time.
void set_rate(u64 hertz);

u64 cycles_at(u64 monotonic_nanoseconds);

/// What a program's own clock (vDSO) computes with: ns = base_ns + ((cycles - base_cycles) * multiplier >> 32). `sequence` is odd while
/// it changes. Fills a page, as programs see all of that; its layout is known to kernel/linux/vdso/vdso.c.
struct alignas(page_size) ClockPage {
    u32 sequence;
    u32 usable;
    u32 has_cpu_number;  ///< a program can read the number of its CPU (x86-64: TSC_AUX)
    u32 padding;
    u64 base_cycles;
    u64 base_nanoseconds;
    u64 multiplier;
};
extern ClockPage clock_page;

}  // namespace spore::arch
