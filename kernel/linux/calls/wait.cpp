// Waiting for children: wait4, waitid.
#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/calls/usage.hpp"
#include "kernel/linux/process/exit.hpp"
#include "kernel/linux/process/pidfd.hpp"
#include "kernel/linux/process/tree.hpp"

namespace spore::linux::calls {

namespace {

enum WaitOption : u32 {
    no_hang = 1, stopped = 2, exited = 4, continued = 8, no_wait = 0x0100'0000, no_thread = 0x2000'0000, all = 0x4000'0000, clone_children = 0x8000'0000,
};

/// Which children: one, those of a group, or any.
struct Which {
    enum class Kind : u8 { any, one, group } kind = Kind::any;
    i32 id = 0;
    bool matches(const Process& child) const {
        return kind == Kind::any || (kind == Kind::one ? child.id() == id : child.group == id);
    }
};

/// What was found about a child.
struct Event {
    Shared<Process> child;
    WaitStatus status;
    i32 code = 0;
    bool ended = false;
};

bool eligible(const Process& child, u32 options) {
    if (options & all) return true;
    return ((options & clone_children) != 0) == (child.exit_signal != sigchld);
}

/// One look at the children, with the tree's lock held. no_child when none can ever match.
Result<std::optional<Event>> look(Process& process, const Which& which, u32 options) {
    bool candidates = false;
    for (auto& child : process.children) {
        if (!which.matches(child) || !eligible(child, options)) continue;
        if (child.zombie && child.being_reaped) continue;
        candidates = true;
        if (child.zombie && (options & exited)) {
            if (!(options & no_wait)) child.being_reaped = true;
            auto code = !child.status.was_killed() ? cld_exited : (child.status.word & 0x80) ? cld_dumped : cld_killed;
            return Event{Shared<Process>(child), child.status, code, true};
        }
        if (child.zombie) continue;
        if (child.stop_signal && !child.stop_reported && (options & stopped)) {
            if (!(options & no_wait)) child.stop_reported = true;
            return Event{Shared<Process>(child), WaitStatus::stopped(child.stop_signal), cld_stopped, false};
        }
        if (!child.continue_reported && (options & continued)) {
            if (!(options & no_wait)) child.continue_reported = true;
            return Event{Shared<Process>(child), WaitStatus::continued(), cld_continued, false};
        }
    }
    if (!candidates) return fail(Error::no_child);
    return std::nullopt;
}

/// Nothing with no_hang and no event yet.
Result<std::optional<Event>> wait_for(Task& task, const Which& which, u32 options) {
    auto& process = task.process();
    TreeGuard guard(tree_lock());
    Result<void> waited;
    while (true) {
        auto event = TRY(look(process, which, options));
        if (event || (options & no_hang)) return event;
        // The signal that tells of a child comes before the child wakes who waits: it interrupts only those for whom there is nothing.
        TRY(waited);
        waited = process.child_changed.wait(tree_lock(), sync::Interruptible::yes);
    }
}

Usage usage_of_ended(Process& child) {
    Usage usage = child.dead_tasks;
    usage += child.dead_children;
    return usage;
}

}  // namespace

Result<u64> wait4(Task& task, i32 pid, UserOut<u32> status, Flags options, UserOut<UserUsage> usage) {
    if (options & ~(no_hang | stopped | continued | no_thread | all | clone_children)) return fail(Error::invalid);
    if (pid == static_cast<i32>(0x8000'0000)) return fail(Error::no_process);
    Which which;
    if (pid > 0) which = {Which::Kind::one, pid};
    else if (pid == 0) which = {Which::Kind::group, task.process().group};
    else if (pid < -1) which = {Which::Kind::group, -pid};
    auto event = TRY(wait_for(task, which, options | exited));
    if (!event) return 0;
    i32 id = event->child->id();
    auto used = usage_of_ended(*event->child);
    if (event->ended) reap(*event->child);
    if (status) TRY(status.write(event->status.word));
    if (usage) TRY(usage.write(to_user_usage(used)));
    return static_cast<u64>(id);
}

Result<u64> waitid(Task& task, i32 type, i32 id, UserOut<UserSignalInfo> info, Flags options, UserOut<UserUsage> usage) {
    enum Type : i32 { p_all = 0, p_pid = 1, p_pgid = 2, p_pidfd = 3 };
    if (options & ~(no_hang | stopped | exited | continued | no_wait | no_thread | all | clone_children)) return fail(Error::invalid);
    if (!(options & (stopped | exited | continued))) return fail(Error::invalid);
    Which which;
    u32 wanted = options;
    switch (type) {
    case p_all: break;
    case p_pid:
        if (id <= 0) return fail(Error::invalid);
        which = {Which::Kind::one, id};
        break;
    case p_pgid:
        if (id < 0) return fail(Error::invalid);
        which = {Which::Kind::group, id ? id : task.process().group};
        break;
    case p_pidfd: {
        auto file = TRY(task.files().get({id}));
        which = {Which::Kind::one, TRY(process_of(*file))->id()};
        if (file->mode().nonblocking) wanted |= no_hang;
        break;
    }
    default: return fail(Error::invalid);
    }
    auto event = TRY(wait_for(task, which, wanted));
    if (!event) {
        if ((wanted & no_hang) && !(options & no_hang)) return fail(Error::would_block);
        if (info) TRY(info.write({}));
        return 0;
    }
    auto& child = *event->child;
    auto used = usage_of_ended(child);
    UserSignalInfo told{SignalInfo::child(event->code, child.id(), child.credentials().uid,
                                          event->code == cld_exited    ? event->status.exit_status()
                                          : event->code == cld_stopped ? event->status.exit_status()
                                          : event->code == cld_continued ? i32{sigcont}
                                                                         : event->status.signal(), 0, 0)};
    if (event->ended && !(options & no_wait)) reap(child);
    if (info) TRY(info.write(told));
    if (usage) TRY(usage.write(to_user_usage(used)));
    return 0;
}

}  // namespace spore::linux::calls
