// Calls that mean a thread by its number, 0 for the caller.
#pragma once

#include "kernel/linux/process/tree.hpp"

namespace spore::linux::calls {

/// Calls `visit` with the task, which cannot end meanwhile: the tree's lock is held.
template <typename F>
Result<void> with_task(Task& caller, i32 tid, F&& visit) {
    if (tid < 0) return fail(Error::invalid);
    TreeGuard guard(tree_lock());
    Task* task = tid == 0 ? &caller : tree().tasks.find(tid);
    if (!task) return fail(Error::no_process);
    return visit(*task);
}

}  // namespace spore::linux::calls
