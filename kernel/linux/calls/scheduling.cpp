// Scheduling policies. They are remembered and told, as programs check what they set; all threads are scheduled alike.
#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/calls/with_task.hpp"

namespace spore::linux::calls {
namespace {

enum Policy : i32 { other = 0, fifo = 1, round_robin = 2, batch = 3, idle = 5, reset_on_fork = 0x4000'0000 };
constexpr bool known(i32 policy) { return policy == other || policy == fifo || policy == round_robin || policy == batch || policy == idle; }
constexpr bool realtime(i32 policy) { return policy == fifo || policy == round_robin; }
constexpr bool suits(i32 policy, i32 priority) { return realtime(policy) ? priority >= 1 && priority <= 99 : priority == 0; }

/// Realtime is for the privileged: our RLIMIT_RTPRIO is 0 [sched(7), "Privileges and resource limits"].
Result<void> change(Task& caller, Task& task, Policies wanted) {
    bool privileged = caller.process().credentials().may(Capability::nice);
    if (!may_schedule(caller, task)) return fail(Error::not_permitted);
    if (realtime(wanted.policy) && !privileged) return fail(Error::not_permitted);
    if (task.scheduling.reset_on_fork && !wanted.reset_on_fork && !privileged) return fail(Error::not_permitted);
    task.scheduling = wanted;
    return {};
}

Result<Policies> policies_of(Task& task, i32 tid) {
    Policies found;
    TRY(with_task(task, tid, [&](Task& it) {
        found = it.scheduling;
        return Result<void>();
    }));
    return found;
}

}  // namespace

Result<u64> sched_getparam(Task& task, i32 tid, UserOut<i32> parameter) {
    if (!parameter) return fail(Error::invalid);
    TRY(parameter.write(TRY(policies_of(task, tid)).priority));
    return 0;
}
Result<u64> sched_setparam(Task& task, i32 tid, UserIn<i32> parameter) {
    if (!parameter) return fail(Error::invalid);
    i32 priority = TRY(parameter.read());
    TRY(with_task(task, tid, [&](Task& it) -> Result<void> {
        auto wanted = it.scheduling;
        wanted.priority = priority;
        if (!suits(wanted.policy, priority)) return fail(Error::invalid);
        return change(task, it, wanted);
    }));
    return 0;
}
Result<u64> sched_getscheduler(Task& task, i32 tid) {
    auto found = TRY(policies_of(task, tid));
    return static_cast<u64>(found.policy | (found.reset_on_fork ? reset_on_fork : 0));
}
Result<u64> sched_setscheduler(Task& task, i32 tid, i32 policy, UserIn<i32> parameter) {
    if (!parameter) return fail(Error::invalid);
    Policies wanted{.policy = policy & ~reset_on_fork, .priority = TRY(parameter.read()), .reset_on_fork = (policy & reset_on_fork) != 0};
    if (!known(wanted.policy) || !suits(wanted.policy, wanted.priority)) return fail(Error::invalid);
    TRY(with_task(task, tid, [&](Task& it) { return change(task, it, wanted); }));
    return 0;
}
Result<u64> sched_get_priority_max(Task&, i32 policy) {
    if (!known(policy)) return fail(Error::invalid);
    return realtime(policy) ? 99 : 0;
}
Result<u64> sched_get_priority_min(Task&, i32 policy) {
    if (!known(policy)) return fail(Error::invalid);
    return realtime(policy) ? 1 : 0;
}
Result<u64> sched_rr_get_interval(Task& task, i32 tid, UserOut<Timespec> interval) {
    auto found = TRY(policies_of(task, tid));
    TRY(interval.write(Timespec{0, found.policy == fifo ? 0 : 10'000'000}));  // FIFO has no slices
    return 0;
}

}  // namespace spore::linux::calls
