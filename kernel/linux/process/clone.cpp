#include "kernel/linux/process/clone.hpp"

#include "arch/registers.hpp"
#include "kernel/linux/process/pidfd.hpp"
#include "kernel/linux/process/tree.hpp"
#include "kernel/linux/signal/send.hpp"
#include "kernel/linux/time/interval_timer.hpp"
#include "kernel/linux/uapi/open.hpp"
#include "kernel/memory/shortage.hpp"

namespace spore::linux {

namespace {

constexpr u64 namespaces = clone_new_namespace | clone_new_cgroup | clone_new_uts | clone_new_ipc | clone_new_user | clone_new_pid | clone_new_net;

Result<void> check(const CloneRequest& request) {
    u64 flags = request.flags;
    if (flags & (namespaces | clone_into_cgroup)) return fail(Error::invalid);
    if ((flags & clone_thread) && !(flags & clone_sighand)) return fail(Error::invalid);
    if ((flags & clone_sighand) && !(flags & clone_vm)) return fail(Error::invalid);
    if ((flags & clone_sighand) && (flags & clone_clear_sighand)) return fail(Error::invalid);
    if ((flags & clone_pidfd) && (flags & clone_thread)) return fail(Error::invalid);
    if (request.exit_signal && !is_signal(request.exit_signal)) return fail(Error::invalid);
    return {};
}

/// A process of its own for the new task.
Result<Shared<Process>> make_process(Task& task, const CloneRequest& request, Shared<memory::AddressSpace> memory) {
    auto& parent = task.process();
    auto process = TRY(Process::create());
    process->set_memory(std::move(memory));
    auto credentials = parent.credentials();
    process->change_credentials([&](Credentials& who) { who = credentials; });
    auto limits = parent.change_limits([](Limits& own) { return own; });
    process->change_limits([&](Limits& own) { own = limits; });
    TRY(watch_cpu_limit(*process));
    process->exit_signal = request.flags & clone_parent ? parent.exit_signal : request.exit_signal;  // [linux] copy_process: a sibling is like its maker
    process->barriers.store(parent.barriers.load(std::memory_order_relaxed), std::memory_order_relaxed);
    process->dumpable.store(parent.dumpable.load(std::memory_order_relaxed), std::memory_order_relaxed);
    process->core_filter.store(parent.core_filter.load(std::memory_order_relaxed), std::memory_order_relaxed);
    process->borrows_memory = (request.flags & clone_vfork) != 0;
    if (request.flags & clone_sighand) {
        process->handlers = parent.handlers;
    } else {
        process->handlers = TRY(make_shared<SignalHandlers>());
        Guard guard(parent.handlers->lock);
        std::ranges::copy(parent.handlers->actions, process->handlers->actions);
        if (request.flags & clone_clear_sighand)
            for (auto& action : process->handlers->actions)
                if (action.handler != SignalAction::ignore) action = {};
    }
    auto& image = parent.image;
    process->image.path = TRY(SmallText::of(image.path));
    process->image.file = image.file;
    process->image.arguments = image.arguments, process->image.arguments_end = image.arguments_end;
    process->image.environment = image.environment, process->image.environment_end = image.environment_end;
    process->image.auxiliary = image.auxiliary, process->image.auxiliary_end = image.auxiliary_end;
    process->image.code = image.code, process->image.code_end = image.code_end, process->image.stack = image.stack;
    process->image.signal_return = image.signal_return;
    return process;
}

/// The new task's registers are the caller's, but for what the request changes.
Result<void> copy_registers(Task& task, Task& child, const CloneRequest& request) {
    auto& frame = child.thread().program_frame();
    frame = task.thread().program_frame();
    arch::set_system_call_result(frame, 0);
    if (request.stack.value) arch::set_stack_pointer(frame, request.stack);
    TRY(child.thread().inherit_program_state());
    child.thread().inherit_scheduling();
    if (request.flags & clone_settls) arch::set_thread_pointer(*child.thread().program_state(), request.thread_pointer);
    return {};
}

void inherit(Task& task, Task& child, const CloneRequest& request) {
    child.blocked = task.blocked;
    std::ranges::copy(task.name, child.name);
    child.no_new_privileges = task.no_new_privileges;
    child.personality = task.personality;
    child.memory_policy = task.memory_policy;
    child.io_priority = task.io_priority;
    child.timer_slack = child.default_timer_slack = task.timer_slack;
    if (!task.scheduling.reset_on_fork) child.scheduling = task.scheduling;
    else if (child.thread().nice() < 0) child.thread().set_nice(0);
    bool shares_memory = request.flags & clone_vm;
    // A new stack in the same memory has no use for the old signal stack; a copy of the memory, or vfork's loan, has.
    if (!shares_memory || (request.flags & clone_vfork)) child.signal_stack = task.signal_stack;
    // rseq's area belongs to a thread: a copy of the memory holds a copy of it.
    if (!shares_memory) child.rseq_area = task.rseq_area, child.rseq_size = task.rseq_size, child.rseq_signature = task.rseq_signature;
    child.rseq_cpu = ~u32{0};
    child.set_notices_switches(child.rseq_area.value != 0);
    if (request.flags & clone_child_cleartid) child.clear_child_id = request.child_id.at;
}

/// CLONE_CHILD_SETTID stores into the child's memory, so the child does it.
void start_child(void* argument) {
    auto& task = *static_cast<Task*>(argument);
    if (task.set_child_id.value) {
        i32 id = task.id();
        (void)arch::copy_to_program(task.set_child_id, &id, sizeof id);
    }
    Task::continue_program(argument);
}

void wait_for_vfork(Task& task, Process& child) {
    TreeGuard guard(tree_lock());
    while (child.borrows_memory && !task.process().exiting()) {
        if (!child.vfork_done.wait(tree_lock(), sync::Interruptible::yes) && (task.process().exiting() || task.process().ending_others)) break;
        // Other signals wait until the memory is the parent's own again.
        if (child.borrows_memory && task.thread().interrupted()) task.thread().clear_interrupted();
    }
    if (task.wants_signals()) task.demand_attention();
}

bool signal_waits(Task& task) {
    Guard guard(task.process().signal_lock);
    return task.wants_signals() || has_deliverable(task);
}
}  // namespace

Result<u64> clone_task(Task& task, const CloneRequest& request) {
    TRY(check(request));
    bool thread = request.flags & clone_thread;
    auto& parent = task.process();
    // A signal that went to others as well comes before what is made, or reaches that too [linux] copy_process.
    Maker maker(parent);
    if (parent.exiting() || signal_waits(task)) return fail(Error::restart);
    if (memory::is_short()) return fail(Error::no_memory);
    TaskParts parts;
    if (request.flags & clone_vm) parts.memory = Shared<memory::AddressSpace>(task.memory()), parts.space_number = task.space_number();
    else parts.memory = TRY(task.memory().fork());
    parts.files = request.flags & clone_files ? task.shared_files() : TRY(task.files().copy());
    parts.place = request.flags & clone_fs ? task.shared_place() : TRY(task.place().copy());
    parts.process = thread ? Shared<Process>(parent) : TRY(make_process(task, request, parts.memory));
    auto process = parts.process;
    auto child = TRY(Task::create(std::move(parts), start_child));
    TRY(copy_registers(task, *child, request));
    inherit(task, *child, request);
    if (request.flags & clone_child_settid) child->set_child_id = request.child_id.at;

    i32 pidfd = -1;
    auto take_back_pidfd = [&] { if (pidfd >= 0) (void)task.files().close({pidfd}); };
    if (request.flags & clone_pidfd) {
        auto file = TRY(make_pidfd(process));
        pidfd = static_cast<i32>(TRY(task.files().add(std::move(file), OnExec::close, parent.limit(limit_files).soft)));
        if (auto told = request.pidfd.write(pidfd); !told) {
            take_back_pidfd();
            return fail(told.error());
        }
    }
    if (!attach(*process, *child, thread ? nullptr : &maker, request.flags & clone_parent ? Parentage::sibling : Parentage::child)) {
        take_back_pidfd();
        return fail(thread || maker.has_heard_all() ? Error::would_block : Error::restart);
    }
    task.too_many_processes = false;  // it has made one more since
    i32 id = child->id();
    if (request.flags & clone_parent_settid) (void)request.parent_id.write(id);
    child->start();
    if (request.flags & clone_vfork) wait_for_vfork(task, *process);
    return static_cast<u64>(id);
}

}  // namespace spore::linux
