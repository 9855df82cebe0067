// Scheduling policies. They are remembered and told, as programs check what they set; all threads are scheduled alike.
#include <algorithm>

#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/calls/with_task.hpp"
#include "kernel/linux/growing.hpp"

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

/// struct sched_attr [linux/sched/types.h]
struct Attributes {
    u32 size, policy;
    u64 flags;
    i32 nice;
    u32 priority;
    u64 runtime, deadline, period;
    u32 least_use, most_use;
};
constexpr u32 first_attributes = 48;
enum AttributeFlag : u64 { resets_on_fork = 0x1, reclaims = 0x2, tells_overrun = 0x4, keeps_policy = 0x8, keeps_parameters = 0x10, limits_use = 0x60 };
/// The others have no use for a nice value.
constexpr bool nice_counts(i32 policy) { return policy == other || policy == batch; }

Result<void> change(Task& caller, Task& task, const Attributes& wanted) {
    auto now = task.scheduling;
    Policies policies{.policy = wanted.flags & keeps_policy ? now.policy : static_cast<i32>(wanted.policy),
                      .priority = wanted.flags & keeps_parameters ? now.priority : static_cast<i32>(wanted.priority),
                      .reset_on_fork = wanted.flags & keeps_policy ? now.reset_on_fork : (wanted.flags & resets_on_fork) != 0};
    if (!known(policies.policy) || !suits(policies.policy, policies.priority)) return fail(Error::invalid);
    i32 nice = wanted.flags & keeps_parameters ? task.thread().nice() : std::clamp(wanted.nice, -20, 19);
    bool sets_nice = nice_counts(policies.policy);
    if (sets_nice && nice < task.thread().nice() && !caller.process().credentials().may(Capability::nice)) return fail(Error::not_permitted);
    TRY(change(caller, task, policies));
    if (sets_nice) task.thread().set_nice(nice);
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
Result<u64> sched_getattr(Task& task, i32 tid, UserAddress attributes, u32 size, Flags flags) {
    if (!attributes || size < first_attributes || size > page_size || flags) return fail(Error::invalid);
    Attributes told{};
    told.size = std::min<u32>(size, sizeof told);
    TRY(with_task(task, tid, [&](Task& it) -> Result<void> {
        told.policy = static_cast<u32>(it.scheduling.policy);
        told.flags = it.scheduling.reset_on_fork ? resets_on_fork : 0;
        if (realtime(it.scheduling.policy)) told.priority = static_cast<u32>(it.scheduling.priority);
        else told.nice = it.thread().nice();
        return {};
    }));
    TRY(arch::copy_to_program(attributes, &told, told.size));
    return 0;
}
Result<u64> sched_setattr(Task& task, i32 tid, UserAddress attributes, Flags flags) {
    if (!attributes || tid < 0 || flags) return fail(Error::invalid);
    u32 size = TRY(UserIn<u32>{attributes}.read());
    auto wanted = size && size < first_attributes ? fail(Error::argument_list_too_long) : read_growing<Attributes>(attributes, size ? size : first_attributes, first_attributes);
    if (!wanted) {
        if (wanted.error() == Error::argument_list_too_long) TRY(UserOut<u32>{attributes}.write(sizeof(Attributes)));  // what is known here
        return fail(wanted.error());
    }
    constexpr u64 known_flags = resets_on_fork | reclaims | tells_overrun | keeps_policy | keeps_parameters | limits_use;
    if (static_cast<i32>(wanted->policy) < 0 || (wanted->flags & ~known_flags)) return fail(Error::invalid);
    if (wanted->flags & limits_use) return fail(size < sizeof(Attributes) ? Error::invalid : Error::not_supported);
    TRY(with_task(task, tid, [&](Task& it) { return change(task, it, *wanted); }));
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
