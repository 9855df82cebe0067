// How often CPUs were interrupted, for those who tell of it.
#pragma once

#include "base/types.hpp"

namespace spore::task {

/// Since boot: by the CPU's timer, and by other CPUs.
struct InterruptCounts {
    u64 timer = 0, kicks = 0;
};
InterruptCounts interrupt_counts(u32 cpu);

}  // namespace spore::task
