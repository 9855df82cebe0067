// /proc/locks: what lslocks(8) reads.
#pragma once

#include "kernel/linux/proc/table_tree.hpp"

namespace spore::linux::proc {

Result<void> show_locks(TextSink& out, u32);

}  // namespace spore::linux::proc
