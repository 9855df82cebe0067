// Signals: what a process does about them, what it blocks, sending and waiting.
#include <limits>

#include "arch/registers.hpp"
#include "base/defer.hpp"
#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/process/tree.hpp"
#include "kernel/linux/signal/deliver.hpp"
#include "kernel/linux/signal/frame.hpp"
#include "kernel/linux/signal/send.hpp"
#include "kernel/linux/time/deadline.hpp"

namespace spore::linux::calls {

namespace {
Result<void> check_size(u64 size) {
    if (size != sizeof(SignalSet)) return fail(Error::invalid);
    return {};
}
/// Whose thread it is, too: the number of any of its threads means a process [kill(2), as Linux has it].
Shared<Process> process_of(i32 id) {
    if (auto process = find_process(id)) return process;
    auto task = find_task(id);
    // A first thread that is found without its process belongs to one that was waited for.
    return task && task->id() != task->process_id() ? Shared<Process>(task->process()) : nullptr;
}

}  // namespace

Result<u64> rt_sigaction(Task& task, SignalNumber signal, UserIn<SignalAction> user, UserOut<SignalAction> old, u64 size) {
    TRY(check_size(size));
    i32 number = signal.value;
    if (!is_signal(number)) return fail(Error::invalid);
    auto& process = task.process();
    SignalAction wanted;
    if (user) {
        if (unblockable.has(number)) return fail(Error::invalid);
        wanted = TRY(user.read());
        wanted.mask = wanted.mask & ~unblockable;
    }
    SignalAction before;
    {
        Guard guard(process.handlers->lock);
        before = (*process.handlers)[number];
        if (user) (*process.handlers)[number] = wanted;
    }
    if (user && (wanted.handler == SignalAction::ignore || (wanted.handler == SignalAction::by_default && default_action(number) == DefaultAction::ignore))) {
        // Ignoring a signal forgets those that wait, blocked or not [POSIX 2.4.3].
        TreeGuard tree_guard(tree_lock());
        Guard guard(process.signal_lock);
        process.pending.discard(SignalSet::of(number));
        for (auto& other : process.tasks) other.pending.discard(SignalSet::of(number));
    }
    if (old) TRY(old.write(before));
    return 0;
}

Result<u64> rt_sigprocmask(Task& task, i32 how, UserIn<SignalSet> user, UserOut<SignalSet> old, u64 size) {
    enum How : i32 { block = 0, unblock = 1, set = 2 };
    TRY(check_size(size));
    SignalSet before = task.blocked;
    if (user) {
        SignalSet given = TRY(user.read());
        switch (how) {
        case block: set_blocked(task, before | given); break;
        case unblock: set_blocked(task, before & ~given); break;
        case set: set_blocked(task, given); break;
        default: return fail(Error::invalid);
        }
    }
    if (old) TRY(old.write(before));
    return 0;
}

[[gnu::always_inline]] Result<u64> rt_sigreturn(Task& task) {
    auto& frame = task.thread().program_frame();
    auto mask = pop_signal_frame(task, frame);
    if (!mask) {
        raise_fault(task, SignalInfo::from_kernel(sigsegv));
        return 0;
    }
    set_blocked(task, *mask);
    task.set_attention();  // all registers come from the signal's frame
    return static_cast<u64>(arch::system_call_result(frame));
}

Result<u64> rt_sigpending(Task& task, UserOut<SignalSet> set, u64 size) {
    if (size > sizeof(SignalSet)) return fail(Error::invalid);
    SignalSet pending;
    {
        Guard guard(task.process().signal_lock);
        pending = (task.pending.set() | task.process().pending.set()) & task.blocked;
    }
    TRY(arch::copy_to_program(set.at, &pending, size));
    return 0;
}

namespace {
void sleep_until_signal(Task& task) {
    while (!task.wants_signals()) {
        task::prepare_to_block();
        if (task.wants_signals()) task::cancel_block();
        else (void)task::block(sync::Interruptible::yes);
    }
}
}  // namespace

Result<u64> rt_sigsuspend(Task& task, UserIn<SignalSet> user, u64 size) {
    TRY(check_size(size));
    begin_temporary_mask(task, TRY(user.read()));
    sleep_until_signal(task);
    end_temporary_mask(task, true);
    return fail(Error::interrupted);
}
Result<u64> pause(Task& task) {
    sleep_until_signal(task);
    return fail(Error::interrupted);
}

Result<u64> rt_sigtimedwait(Task& task, UserIn<SignalSet> user, UserOut<UserSignalInfo> out, UserIn<Timespec> timeout, u64 size) {
    TRY(check_size(size));
    SignalSet wanted = TRY(user.read()) & ~unblockable;
    Instant deadline = TRY(deadline_after(timeout));
    auto& process = task.process();
    defer {
        SignalSet given_up;
        {
            Guard guard(process.signal_lock);
            task.awaited = {};
            given_up = process.pending.set() & wanted & task.blocked;
        }
        if (given_up) {
            TreeGuard guard(tree_lock());
            pass_on_signals(task, given_up);
        }
    };
    while (true) {
        task::prepare_to_block();
        std::optional<SignalInfo> info;
        {
            Guard guard(process.signal_lock);
            task.awaited = wanted;
            if (task.pending.set() & wanted) info = task.pending.take(wanted);
            else if (process.pending.set() & wanted) info = process.pending.take(wanted);
        }
        if (info) {
            task::cancel_block();
            if (out) TRY(out.write({*info}));
            return static_cast<u64>(info->number);
        }
        switch (task::block(sync::Interruptible::yes, deadline)) {
        case task::Woken::by_deadline: return fail(Error::would_block);
        case task::Woken::by_interrupt: {
            // An awaited signal interrupts too: look once more before another signal's handler is to run.
            task.thread().clear_interrupted();
            Guard guard(process.signal_lock);
            if ((task.pending.set() | process.pending.set()) & wanted) break;
            if (has_deliverable(task) || process.exiting() || process.stop_signal || process.ending_others) {
                task.set_attention();
                return fail(Error::interrupted);
            }
            break;
        }
        case task::Woken::by_wake: break;
        }
    }
}

Result<u64> sigaltstack(Task& task, UserIn<SignalStack> user, UserOut<SignalStack> old) {
    constexpr u64 smallest = 2048;
    auto before = task.signal_stack;
    bool in_use = before.holds(arch::stack_pointer(task.thread().program_frame()) - 1);
    if (user) {
        auto wanted = TRY(user.read());
        if (in_use) return fail(Error::not_permitted);
        u32 mode = static_cast<u32>(wanted.flags) & ~SignalStack::auto_disarm;
        if (mode != 0 && mode != SignalStack::disabled && mode != SignalStack::on_stack) return fail(Error::invalid);
        if (mode == SignalStack::disabled) wanted.base = wanted.size = 0;
        else if (wanted.size < smallest) return fail(Error::no_memory);
        else wanted.flags &= ~SignalStack::on_stack;
        task.signal_stack = wanted;
    }
    if (in_use) before.flags |= SignalStack::on_stack;
    if (old) TRY(old.write(before));
    return 0;
}

namespace {

SignalInfo from_caller(Task& task, i32 number, i32 code) {
    return SignalInfo::from_process(number, code, task.process().id(), task.process().credentials().uid);
}

/// kill(-1): everybody but the first process and the caller.
Result<u64> kill_all(Task& task, const SignalInfo& info) {
    bool any = false;
    for (auto process = next_process(2); process; process = next_process(process->id() + 1)) {
        if (process->id() == task.process().id() || !may_signal(task.process(), *process, info.number)) continue;
        any = true;
        send_to_one_of_several(*process, info);
    }
    if (!any) return fail(Error::no_process);
    return 0;
}

Result<u64> send_to_thread(Task& task, i32 pid, i32 tid, const SignalInfo& info) {
    if (tid <= 0 || (info.number != 0 && !is_signal(info.number))) return fail(Error::invalid);
    auto target = find_task(tid);
    if (!target || (pid > 0 && target->process().id() != pid)) return fail(Error::no_process);
    if (!may_signal(task.process(), target->process(), info.number)) return fail(Error::not_permitted);
    if (!try_send_to_task(*target, info)) return fail(Error::would_block);
    return 0;
}

Result<SignalInfo> queued_info(Task& task, i32 pid, i32 number, UserIn<UserSignalInfo> user) {
    auto info = TRY(user.read()).info;
    // Only the kernel, and the process itself, may say that the kernel sent it.
    if ((info.code >= 0 || info.code == si_tkill) && pid != task.process().id()) return fail(Error::not_permitted);
    info.number = number;
    return info;
}

}  // namespace

Result<u64> kill(Task& task, i32 pid, SignalNumber signal) {
    i32 number = signal.value;
    if (number != 0 && !is_signal(number)) return fail(Error::invalid);
    auto info = from_caller(task, number, si_user);
    if (pid == -1) return kill_all(task, info);
    if (pid == std::numeric_limits<i32>::min()) return fail(Error::no_process);  // no group has the number without the sign
    if (pid <= 0) {
        TRY(send_to_group(pid == 0 ? task.process().group : -pid, info, &task.process()));
        return 0;
    }
    auto process = process_of(pid);
    if (!process) return fail(Error::no_process);
    if (!may_signal(task.process(), *process, number)) return fail(Error::not_permitted);
    send_to_process(*process, info);
    return 0;
}
Result<u64> tkill(Task& task, i32 tid, SignalNumber signal) { return send_to_thread(task, 0, tid, from_caller(task, signal.value, si_tkill)); }
Result<u64> tgkill(Task& task, i32 pid, i32 tid, SignalNumber signal) {
    if (pid <= 0) return fail(Error::invalid);
    return send_to_thread(task, pid, tid, from_caller(task, signal.value, si_tkill));
}
Result<u64> rt_sigqueueinfo(Task& task, i32 pid, SignalNumber signal, UserIn<UserSignalInfo> user) {
    if (signal.value != 0 && !is_signal(signal.value)) return fail(Error::invalid);
    auto info = TRY(queued_info(task, pid, signal.value, user));
    auto process = process_of(pid);
    if (!process) return fail(Error::no_process);
    if (!may_signal(task.process(), *process, signal.value)) return fail(Error::not_permitted);
    if (!try_send_to_process(*process, info)) return fail(Error::would_block);
    return 0;
}
Result<u64> rt_tgsigqueueinfo(Task& task, i32 pid, i32 tid, SignalNumber signal, UserIn<UserSignalInfo> user) {
    return send_to_thread(task, pid, tid, TRY(queued_info(task, pid, signal.value, user)));
}

}  // namespace spore::linux::calls
