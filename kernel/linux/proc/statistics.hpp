// Counters of the machine as a whole that programs watch: interrupts, vmstat, diskstats.
#pragma once

#include "kernel/linux/proc/table_tree.hpp"

namespace spore::linux::proc {

Result<void> show_interrupts(TextSink& out, u32);
Result<void> show_disks(TextSink& out, u32);
Result<void> show_partitions(TextSink& out, u32);
Result<void> show_memory_events(TextSink& out, u32);  ///< vmstat
u64 interrupts();                                     ///< all, on all CPUs

}  // namespace spore::linux::proc
