// Starting further processors.
#pragma once

#include "local.hpp"

namespace spore::arch {

/// Makes a CPU known, so that it counts in cpu_count().
void add_cpu(CpuLocal& cpu);
/// A processor that firmware reports, to be started by start_cpus(). The boot CPU is left out.
void found_processor(u32 apic_id);

}  // namespace spore::arch
