// The host's timer as this CPU's timer interrupt.
#pragma once

#include "base/types.hpp"

namespace spore::arch {

/// Makes this process's: each needs its own, and any may interrupt the CPU.
void create_timer();
/// The timer's signal has come: whether it is time, or the wait goes on.
bool timer_is_due();

}  // namespace spore::arch
