#include "kernel/linux/signal/send.hpp"

#include "kernel/linux/core_file/halt.hpp"
#include "kernel/linux/process/tree.hpp"

namespace spore::linux {

namespace {

/// Stops and continues cancel each other's pending signals when they are sent, whatever is done about them later [POSIX 2.4.1].
void cancel_opposites(Process& process, i32 number) {
    SignalSet opposites = number == sigcont ? job_stops : job_stops.has(number) ? SignalSet::of(sigcont) : SignalSet{};
    if (!opposites) return;
    process.pending.discard(opposites);
    for (auto& task : process.tasks) task.pending.discard(opposites);
}

/// SIGCONT's effect, even when it is blocked or ignored. The tree's lock is held. The parent hears of it from the first task that goes on.
void resume(Process& process) {
    if (!process.stop_signal) return;
    process.stop_signal = 0;
    process.continue_reported = false;
    process.continue_untold = true;
    process.resumed.wake_all();
}

bool takes(const Task& task, i32 number) { return !task.blocked.has(number) || task.awaited.has(number); }

/// Who of the process is to take the signal: the main task if it can, else the first that can.
Task* choose(Process& process, i32 number) {
    for (auto& task : process.tasks)
        if (&task == process.main && takes(task, number)) return &task;
    for (auto& task : process.tasks)
        if (takes(task, number)) return &task;
    return nullptr;
}

/// With the tree's lock held. False when it was not remembered because enough wait already.
bool send_locked(Process& process, Task* only, const SignalInfo& info, Owned<QueuedSignal>& entry) {
    if (process.zombie || process.exiting()) {
        if (auto* halt = process.core_halt.load(std::memory_order_relaxed); halt && info.number == sigkill) halt->killed.store(true, std::memory_order_relaxed);
        return true;
    }
    if (info.number == sigcont) resume(process);
    Guard guard(process.signal_lock);
    cancel_opposites(process, info.number);
    Task* target = only ? only : choose(process, info.number);
    bool blocked = only ? !takes(*only, info.number) : !target;
    // What would be ignored need not be remembered, unless it is blocked: the action may change until it is not.
    if (!blocked && process.handlers->ignores(info.number) && !(target && target->awaited.has(info.number))) return true;
    auto& pending = only ? only->pending : process.pending;
    if (info.number >= first_realtime && pending.queued() >= process.limit(limit_signals).soft) {
        if (info.code != si_user && info.code != si_kernel) return false;
        (void)pending.add(info.number, nullptr);  // that it came, though not from whom
    } else {
        entry = pending.add(info.number, std::move(entry));
    }
    process.signal_arrived.notify(fs::Ready::in);
    if (info.number == sigkill) {
        for (auto& task : process.tasks) task.demand_attention();
        process.resumed.wake_all();
    } else if (target && !blocked) {
        target->demand_attention();
    }
    return true;
}

bool send(Process& process, Task* only, const SignalInfo& info) {
    if (info.number == 0) return true;
    auto entry = make_entry(info);  // what is left of it goes after the lock
    TreeGuard guard(tree_lock());
    return send_locked(process, only, info, entry);
}

/// With the tree's lock held.
Task* find_in(Process& process, i32 task_id) {
    for (auto& task : process.tasks)
        if (task.id() == task_id) return &task;
    return nullptr;
}

}  // namespace

Owned<QueuedSignal> make_entry(const SignalInfo& info) {
    auto entry = make_owned<QueuedSignal>();
    if (!entry) return nullptr;
    (*entry)->info = info;
    return std::move(*entry);
}

void send_to_process_locked(Process& process, const SignalInfo& info, Owned<QueuedSignal>& entry) { (void)send_locked(process, nullptr, info, entry); }
void send_to_process(Process& process, const SignalInfo& info) { (void)send(process, nullptr, info); }
void send_to_task(Task& task, const SignalInfo& info) { (void)send(task.process(), &task, info); }
bool try_send_to_process(Process& process, const SignalInfo& info) { return send(process, nullptr, info); }
bool try_send_to_task(Task& task, const SignalInfo& info) { return send(task.process(), &task, info); }

void send_number_locked(Task& task, i32 number) {
    Owned<QueuedSignal> none;
    (void)send_locked(task.process(), &task, {.number = number}, none);
}

void send_number_to_group_locked(i32 group, i32 number) {
    tree().groups.for_each(group, [&](Process& process) {
        Owned<QueuedSignal> none;
        (void)send_locked(process, nullptr, {.number = number}, none);
        process.common_signals.fetch_add(1, std::memory_order_release);  // as send_to_one_of_several() has it
        return true;
    });
}

TimerSignal send_timer_signal(Process& process, i32 task_id, const SignalInfo& info) {
    auto entry = make_entry(info);
    TreeGuard guard(tree_lock());
    Task* only = task_id ? find_in(process, task_id) : nullptr;
    if (task_id && !only) return TimerSignal::queued;  // to nobody: the thread has ended
    {
        Guard signal_guard(process.signal_lock);
        auto& pending = only ? only->pending : process.pending;
        if (auto* waiting = pending.find_timer(info.number, static_cast<i32>(info.words[0]))) {
            waiting->add_overrun(info.overrun() + 1);
            return TimerSignal::merged;
        }
    }
    (void)send_locked(process, only, info, entry);
    return TimerSignal::queued;
}

bool timer_signal_waits(Process& process, i32 task_id, i32 number, i32 timer) {
    if (!number) return false;
    TreeGuard guard(tree_lock());
    Task* only = task_id ? find_in(process, task_id) : nullptr;
    Guard signal_guard(process.signal_lock);
    return (only ? only->pending : process.pending).find_timer(number, timer) != nullptr;
}

void send_to_one_of_several(Process& process, const SignalInfo& info) {
    send_to_process(process, info);
    // A process that this one is making is in the tree by now, with a higher number, or will not be (attach): it began before the signal came, and
    // finds the count changed, or finds the signal.
    process.common_signals.fetch_add(1, std::memory_order_release);
}

Result<void> send_to_group(i32 group, const SignalInfo& info, Process* sender) {
    auto error = Error::no_process;
    bool sent = false;
    for (auto process = next_in_group(1, group); process; process = next_in_group(process->id() + 1, group)) {
        if (sender && !may_signal(*sender, *process, info.number)) {
            error = Error::not_permitted;
            continue;
        }
        send_to_one_of_several(*process, info);
        sent = true;
    }
    if (!sent) return fail(error);
    return {};
}

void raise_fault(Task& task, const SignalInfo& info) {
    auto& process = task.process();
    {
        Guard guard(process.signal_lock);
        Guard handlers_guard(process.handlers->lock);
        auto& action = (*process.handlers)[info.number];
        if (task.blocked.has(info.number) || action.handler == SignalAction::ignore) {
            action.handler = SignalAction::by_default;
            task.blocked.remove(info.number);
        }
    }
    send_to_task(task, info);
}

void kill_process(Process& process) { send_to_process(process, SignalInfo::from_kernel(sigkill)); }

bool may_signal(Process& sender, Process& target, i32 number) {
    auto from = sender.credentials(), to = target.credentials();
    if (from.may(Capability::kill)) return true;
    if (from.effective_uid == to.uid || from.effective_uid == to.saved_uid || from.uid == to.uid || from.uid == to.saved_uid) return true;
    if (number != sigcont) return false;
    TreeGuard guard(tree_lock());
    return sender.session == target.session;
}

bool parent_ignores_children(Process& parent) {
    Guard guard(parent.signal_lock);
    auto& action = (*parent.handlers)[sigchld];
    return action.handler == SignalAction::ignore || (action.flags & sa_nocldwait);
}
bool parent_wants_stops(Process& parent) {
    Guard guard(parent.signal_lock);
    return !((*parent.handlers)[sigchld].flags & sa_nocldstop);
}

bool has_deliverable(Task& task) { return static_cast<bool>((task.pending.set() | task.process().pending.set()) & ~task.blocked); }

void pass_on_signals(Task& task, SignalSet which) {
    auto& process = task.process();
    Guard guard(process.signal_lock);
    SignalSet left = process.pending.set() & which;
    for (auto& other : process.tasks) {
        if (!left) return;
        SignalSet taken = left & (~other.blocked | other.awaited);
        if (&other == &task || !taken) continue;
        left = left & ~taken;
        other.demand_attention();
    }
}

void set_blocked(Task& task, SignalSet blocked) {
    auto& process = task.process();
    SignalSet given_up;
    {
        Guard guard(process.signal_lock);
        given_up = process.pending.set() & blocked & ~task.blocked;
        task.blocked = blocked & ~unblockable;
        if (has_deliverable(task)) task.set_attention();
    }
    if (!given_up) return;
    TreeGuard guard(tree_lock());
    pass_on_signals(task, given_up);
}

}  // namespace spore::linux
