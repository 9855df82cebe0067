// Steers the processor that unit tests see.
#pragma once

#include "base/types.hpp"

namespace spore::fakes {

/// How many CPUs there are; each gets its own instances of per-CPU variables.
void set_cpu_count(u32 count);
/// Which of them this host thread is.
void set_cpu(u32 cpu);

void set_time(u64 nanoseconds);
u64 armed_deadline();
u64 kick_count();

}  // namespace spore::fakes
