// The generic timer: the virtual counter, and the virtual timer or, on machines that do not wire it, the physical one [arm/DDI0487 D11].
#pragma once

#include "base/types.hpp"

namespace spore::arch {

struct TimerWiring {
    u32 virtual_interrupt = 27, physical_interrupt = 30;  ///< which hardly any machine wires elsewhere [arm/DEN0094 BSA]; 0: not wired
    u32 hertz = 0;                                        ///< for when CNTFRQ_EL0 does not tell
};
/// Chooses the timer and learns the counter's rate; panics when nobody tells it.
void start_timer(const TimerWiring& wiring);
u32 timer_interrupt();

}  // namespace spore::arch
