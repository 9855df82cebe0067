// The generic timer's virtual counter and timer [arm/DDI0487 D11].
#pragma once

#include "base/types.hpp"

namespace spore::arch {

/// Learns the counter's rate. `interrupt` is the virtual timer's.
void start_timer(u32 interrupt);
u32 timer_interrupt();

}  // namespace spore::arch
