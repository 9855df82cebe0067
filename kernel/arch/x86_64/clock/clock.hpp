// The monotonic clock: the TSC, scaled. Its rate comes from the CPU or hypervisor where they tell; otherwise it is measured against a
// reference of known rate, briefly at boot and again over longer spans while the system runs.
#pragma once

#include "../../common/clock/clock.hpp"

namespace spore::arch {

/// Learns the TSC's rate, at least roughly, and says for the log where it is from. Before the first timer.
const char* calibrate_clock();
/// Measures again when enough time has passed; cheap when it has not. From timer interrupts.
void refine_clock();

/// Local APIC timer ticks from now until a point on the monotonic clock, or fewer when it is far: at least one, at most 32 bits.
u32 timer_ticks_until(u64 monotonic_nanoseconds);

}  // namespace spore::arch
