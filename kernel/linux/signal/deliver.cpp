#include "kernel/linux/signal/deliver.hpp"

#include "arch/registers.hpp"
#include "kernel/core/log.hpp"
#include "kernel/linux/core_file/core_file.hpp"
#include "kernel/linux/crash.hpp"
#include "kernel/linux/errno.hpp"
#include "kernel/linux/process/rseq.hpp"
#include "kernel/linux/process/tree.hpp"
#include "kernel/linux/signal/frame.hpp"
#include "kernel/linux/signal/send.hpp"

namespace spore::linux {

namespace {

/// A signal that was taken from the pending ones, and what the program wants done about it. One that stops the process is only found: stop() takes it.
struct Taken {
    SignalInfo info;
    SignalAction action;
};

/// Nothing but SIGKILL while the process stands still, which another task may have let it do since the caller looked.
std::optional<Taken> take_next(Task& task) {
    auto& process = task.process();
    Guard guard(process.signal_lock);
    SignalSet open = (task.pending.set() | process.pending.set()) & ~task.blocked;
    if (!open || (process.stop_signal && !open.has(sigkill))) return std::nullopt;
    i32 number = open.first();
    if (open.has(sigkill)) number = sigkill;
    Guard handlers_guard(process.handlers->lock);
    auto& action = (*process.handlers)[number];
    Taken taken{{.number = number}, action};
    if (action.handler == SignalAction::by_default && default_action(number) == DefaultAction::stop) return taken;
    taken.info = (task.pending.set().has(number) ? task.pending : process.pending).take(SignalSet::of(number));
    bool has_handler = action.handler != SignalAction::by_default && action.handler != SignalAction::ignore;
    if (has_handler && (action.flags & sa_resethand)) action.handler = SignalAction::by_default;
    return taken;
}

/// An interrupted call is made again, or fails with EINTR. `handler` is null when none runs.
void settle_call(Task& task, arch::TrapFrame& frame, const SignalAction* handler) {
    bool final = std::exchange(task.limited_wait_ended, false);
    if (!arch::in_system_call(frame)) return;
    auto result = arch::system_call_result(frame);
    bool again;
    if (result == static_cast<i64>(Again::always)) again = true;
    else if (result == static_cast<i64>(Again::if_handler_restarts)) again = !handler || (handler->flags & sa_restart);
    else if (result == static_cast<i64>(Again::if_no_handler)) again = !handler;
    else return;
    if (!again || final) {
        arch::set_system_call_result(frame, failure(Errno::eintr));
        task.resuming = false;
        return;
    }
    task.resuming = !handler && task.resumed_call == arch::system_call_number(frame) && task.resumed_at == arch::instruction_pointer(frame).value;
    arch::rewind_system_call(frame);
}

/// SIGCHLD about a stop or its end, unless the parent does not want to hear of these. It is made before the tree's lock is taken, and sent with it: who
/// finds the child stopped has the signal already.
class WordToParent {
public:
    WordToParent(Process& process, i32 code, i32 signal)
        : process_(process), info_(SignalInfo::child(code, process.id(), process.credentials().uid, signal, 0, 0)), entry_(make_entry(info_)) {}
    void send_locked() {
        auto* parent = process_.parent;
        if (!parent) return;
        if (parent_wants_stops(*parent)) send_to_process_locked(*parent, info_, entry_);
        parent->child_changed.wake_all();
    }

private:
    Process& process_;
    SignalInfo info_;
    Owned<QueuedSignal> entry_;  ///< what is left of it goes after the lock
};

/// The process stands still until SIGCONT. The parent is told once. Both locks are held from taking the signal on: a SIGCONT that comes before finds
/// it pending, and discards it, and one that comes after finds the process stopped. What a terminal sends stops nobody whom no one could continue [POSIX 2.4.3].
void stop(Task& task, i32 signal) {
    auto& process = task.process();
    WordToParent word(process, cld_stopped, signal);
    TreeGuard guard(tree_lock());
    bool stops = signal == sigstop || !is_orphaned(process.group);
    {
        Guard signal_guard(process.signal_lock);
        auto& pending = task.pending.set().has(signal) ? task.pending : process.pending;
        if (!pending.set().has(signal)) return;
        (void)pending.take(SignalSet::of(signal));
        stops = stops && !process.stop_signal;
        if (stops) process.stop_signal = signal;
    }
    if (!stops) return;
    process.stop_reported = false;
    process.continue_reported = true;  // a parent that did not ask in time finds it stopped
    for (auto& other : process.tasks) other.demand_attention();
    word.send_locked();
}

/// A task that is to end for another's execve does not wait. The first that goes on tells the parent of it, as on Linux, whoever sent the SIGCONT.
void wait_while_stopped(Task& task) {
    auto& process = task.process();
    WordToParent word(process, cld_continued, sigcont);
    TreeGuard guard(tree_lock());
    auto must_end = [&] { return process.exiting() || (process.ending_others && process.ending_others != &task); };
    while (process.stop_signal && !must_end() && !process.pending.set().has(sigkill) && !task.pending.set().has(sigkill))
        (void)process.resumed.wait(tree_lock(), sync::Interruptible::no);
    if (std::exchange(process.continue_untold, false)) word.send_locked();
}

[[noreturn]] void die(Task& task, const SignalInfo& info, bool core) {
    auto& process = task.process();
    if (core || info.number == sigkill) {
        core::info("process {} ({}) ended by signal {} at {}", process.id(), std::string_view(task.name), info.number,
                   arch::instruction_pointer(task.thread().program_frame()));
        // The end of a program that the host started is what the user sees; others' is their parents' business.
        if (core && process.starter && info.number != sigquit) report_crash(task, task.thread().program_frame(), info);
    }
    exit_process(task, WaitStatus::killed(info.number, core && write_core(task, info)));
}

}  // namespace

void attend(Task& task, arch::TrapFrame& frame) {
    auto& process = task.process();
    bool for_signals = false;  // stays: what was taken without a handler has interrupted a call, too
    while (true) {
        for_signals |= task.take_attention();
        if (task.take_switch()) settle_rseq(task, frame);
        if (!for_signals && !task.wants_signals()) {
            if (task.wants_attention()) continue;
            return;
        }
        task.thread().clear_interrupted();
        if (process.stop_signal) wait_while_stopped(task);
        if (process.exiting()) exit_task(task, process.status);
        if (process.ending_others && process.ending_others != &task) exit_task(task, {});

        auto taken = take_next(task);
        if (!taken) {
            if (process.exiting() || process.stop_signal) continue;
            settle_call(task, frame, nullptr);
            if (task.has_saved_blocked) {
                task.has_saved_blocked = false;
                set_blocked(task, task.saved_blocked);
            }
            if (task.wants_attention()) continue;
            return;
        }
        auto& [info, action] = *taken;
        if (action.handler == SignalAction::ignore) continue;
        if (action.handler == SignalAction::by_default) {
            switch (default_action(info.number)) {
            case DefaultAction::ignore:
            case DefaultAction::resume: continue;
            case DefaultAction::stop: stop(task, info.number), wait_while_stopped(task); continue;
            case DefaultAction::terminate: die(task, info, false);
            case DefaultAction::core: die(task, info, true);
            }
        }
        settle_call(task, frame, &action);
        settle_rseq(task, frame);  // the handler interrupts a critical section
        SignalSet restored = task.has_saved_blocked ? task.saved_blocked : task.blocked;
        task.has_saved_blocked = false;
        if (!push_signal_frame(task, frame, info, action, restored)) {
            // No room for the frame: Linux sends SIGSEGV, and a second failure kills.
            if (info.number == sigsegv) die(task, info, true);
            set_blocked(task, restored);
            {
                Guard guard(process.handlers->lock);
                if (task.signal_stack.flags == SignalStack::disabled) (*process.handlers)[sigsegv].handler = SignalAction::by_default;
            }
            raise_fault(task, SignalInfo::from_kernel(sigsegv));
            continue;
        }
        SignalSet blocked = task.blocked | action.mask;
        if (!(action.flags & sa_nodefer)) blocked.add(info.number);
        set_blocked(task, blocked);
        if (!task.wants_attention()) return;
    }
}

void begin_temporary_mask(Task& task, SignalSet mask) {
    task.saved_blocked = task.blocked;
    set_blocked(task, mask);
    // What the new mask lets through must end the wait at its start.
    if (task.wants_signals()) task.demand_attention();
}

void end_temporary_mask(Task& task, bool interrupted) {
    if (interrupted) {
        task.has_saved_blocked = true;
        task.set_attention();
    } else {
        set_blocked(task, task.saved_blocked);
    }
}

}  // namespace spore::linux
