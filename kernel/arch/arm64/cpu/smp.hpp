// Starting further processors.
#pragma once

#include "local.hpp"

namespace spore::arch {

/// Makes a CPU known to cpu_local(); it counts only when count_cpus() says so.
void prepare_cpu(CpuLocal& cpu);
/// How many CPUs run: those with numbers below `count`.
void count_cpus(u32 count);
/// A processor that firmware reports, to be started by start_cpus(). The boot CPU is left out.
void found_processor(u64 affinity);

}  // namespace spore::arch
