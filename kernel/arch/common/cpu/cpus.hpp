// The CPUs that run or are about to, and their own memory.
#pragma once

#include "base/result.hpp"
#include "base/types.hpp"

namespace spore::arch {

/// The machine's own (cpu/local.hpp): what assembly and interrupts find a CPU's things by.
struct CpuLocal;

/// CPU `cpu`'s; of one that does not run yet after prepare_cpu().
CpuLocal& cpu_local(u32 cpu);
/// CpuLocal and the per-CPU variables of a further CPU, in one block. no_memory.
Result<CpuLocal*> create_local(u32 id);
/// Makes a CPU known to cpu_local(); it counts only when count_cpus() says so.
void prepare_cpu(CpuLocal& cpu);
/// How many CPUs run: those with numbers below `count`.
void count_cpus(u32 count);
/// A processor that firmware reports, by the number that its machine has for it (APIC id, affinity), to be started by start_cpus(). The boot CPU
/// is left out.
void found_processor(u64 processor);

}  // namespace spore::arch
