// /proc/sysvipc: what ipcs(1) reads.
#pragma once

#include "kernel/linux/proc/table_tree.hpp"

namespace spore::linux::proc {

Result<void> show_segments(TextSink& out, u32);
Result<void> show_semaphores(TextSink& out, u32);
Result<void> show_queues(TextSink& out, u32);

}  // namespace spore::linux::proc
