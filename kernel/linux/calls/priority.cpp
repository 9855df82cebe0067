// Nice values: how long a thread's turn is.
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
    tree().processes.for_each([&](Process& process) {
        if (which == of_group ? process.group == group : process.credentials().uid == user)
            for (auto& task : process.tasks) visit(task), any = true;
        return true;
    });
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

}  // namespace spore::linux::calls
