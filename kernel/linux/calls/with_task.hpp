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

/// Whether a caller may change how another task is scheduled: the same user's, or with the right to [setpriority(2), sched_setscheduler(2)].
inline bool may_schedule(Task& caller, Task& other) {
    auto who = caller.process().credentials();
    auto whose = other.process().credentials();
    return who.effective_uid == whose.uid || who.effective_uid == whose.effective_uid || who.may(Capability::nice);
}

/// Whether another process is one of just the same user and group, or the caller has the right to treat it as such.
inline bool is_alike_or_may(Process& caller, Process& other, Capability right) {
    if (&caller == &other) return true;
    auto who = caller.credentials();
    auto whose = other.credentials();
    bool same = who.uid == whose.uid && who.uid == whose.effective_uid && who.uid == whose.saved_uid && who.gid == whose.gid &&
                who.gid == whose.effective_gid && who.gid == whose.saved_gid;
    return same || who.may(right);
}
/// Whether a caller may look into another process's memory and files [ptrace(2)], or at its limits and change them [prlimit(2)].
inline bool may_look_into(Process& caller, Process& other) { return is_alike_or_may(caller, other, Capability::trace); }
inline bool may_limit(Process& caller, Process& other) { return is_alike_or_may(caller, other, Capability::resource); }

}  // namespace spore::linux::calls
