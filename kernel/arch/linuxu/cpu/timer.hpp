// The host's timer as this CPU's timer interrupt.
#pragma once

#include "base/types.hpp"

namespace spore::arch {

/// Makes this CPU's. Each process needs its own.
void create_timer();
/// The timer's signal has come: whether it is time, or the wait goes on.
bool timer_is_due();

}  // namespace spore::arch
