// Nice values: how long a thread's turn is; and I/O priorities.
#include <algorithm>

#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/calls/with_task.hpp"

namespace spore::linux::calls {
namespace {

enum Which : i32 { of_thread = 0, of_group = 1, of_user = 2 };

/// Calls `visit` for every task that a call means; how many there were. On Linux the first kind is one thread, whatever POSIX says [setpriority(2)].
template <typename F>
Result<void> for_each_meant(Task& caller, i32 which, i32 who, F&& visit) {
    if (which == of_thread) {
        if (who < 0) return fail(Error::no_process);
        return with_task(caller, who, [&](Task& task) {
            visit(task);
            return Result<void>();
        });
    }
    if (which != of_group && which != of_user) return fail(Error::invalid);
    u32 user = who == 0 ? caller.process().credentials().uid : static_cast<u32>(who);
    bool any = false;
    TreeGuard guard(tree_lock());
    i32 group = who == 0 ? caller.process().group : who;
    auto visit_tasks = [&](Process& process) {
        for (auto& task : process.tasks) visit(task), any = true;
        return true;
    };
    if (which == of_group) tree().groups.for_each(group, visit_tasks);
    else tree().processes.for_each([&](Process& process) { return process.credentials().uid != user || visit_tasks(process); });
    if (!any) return fail(Error::no_process);
    return {};
}

}  // namespace

Result<u64> getpriority(Task& caller, i32 which, i32 who) {
    int least = 19;
    TRY(for_each_meant(caller, which, who, [&](Task& task) { least = std::min(least, task.thread().nice()); }));
    return static_cast<u64>(20 - least);  // the raw call tells it so, to stay positive
}

Result<u64> setpriority(Task& caller, i32 which, i32 who, i32 priority) {
    int nice = std::clamp(priority, -20, 19);
    bool privileged = caller.process().credentials().may(Capability::nice);
    Result<u64> result = 0;
    TRY(for_each_meant(caller, which, who, [&](Task& task) {
        if (!may_schedule(caller, task)) result = fail(Error::not_permitted);
        else if (nice < task.thread().nice() && !privileged) result = fail(Error::access_denied);
        else task.thread().set_nice(nice);
    }));
    return result;
}

// I/O priorities are kept and told; requests are served as they come [ioprio_set(2)].
namespace {
enum IoClass : u32 { io_none = 0, io_realtime = 1, io_best_effort = 2, io_idle = 3 };
constexpr u32 io_class_shift = 13, io_class_mask = 7, io_level_mask = 7;

/// The kinds of getpriority, counted from 1 on here. -1, which is none, for others.
i32 kind_of(i32 which) { return which > 0 ? which - 1 : -1; }

/// What a thread that has set none is served by: its nice value.
u32 effective_io_priority(Task& task) {
    if (task.io_priority >> io_class_shift != io_none) return task.io_priority;
    return u32{io_best_effort} << io_class_shift | static_cast<u32>((task.thread().nice() + 20) / 5);
}
}  // namespace

Result<u64> ioprio_get(Task& caller, i32 which, i32 who) {
    u32 best = ~u32{0};
    i32 kind = kind_of(which);
    TRY(for_each_meant(caller, kind, who, [&](Task& task) { best = std::min<u32>(best, kind == of_thread ? task.io_priority : effective_io_priority(task)); }));
    return best;
}

Result<u64> ioprio_set(Task& caller, i32 which, i32 who, i32 priority) {
    u32 io_class = static_cast<u32>(priority) >> io_class_shift & io_class_mask, level = static_cast<u32>(priority) & io_level_mask;
    if (io_class > io_idle || (io_class == io_none && level)) return fail(Error::invalid);
    auto who_calls = caller.process().credentials();
    if (io_class == io_realtime && !who_calls.may(Capability::admin) && !who_calls.may(Capability::nice)) return fail(Error::not_permitted);
    Result<u64> result = 0;
    TRY(for_each_meant(caller, kind_of(which), who, [&](Task& task) {
        auto whose = task.process().credentials();
        bool same = whose.uid == who_calls.uid || whose.uid == who_calls.effective_uid;
        if (!same && !who_calls.may(Capability::nice)) result = fail(Error::not_permitted);
        else task.io_priority = static_cast<u16>(priority);
    }));
    return result;
}

}  // namespace spore::linux::calls
