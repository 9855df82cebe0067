// Processes: beginning, running another program, ending, groups and sessions.
#include "base/format.hpp"
#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/exec/execute.hpp"
#include "kernel/linux/growing.hpp"
#include "kernel/linux/process/caller.hpp"
#include "kernel/linux/process/clone.hpp"
#include "kernel/linux/process/tree.hpp"

namespace spore::linux::calls {

Result<u64> fork(Task& task) { return clone_task(task, {.exit_signal = sigchld}); }
Result<u64> vfork(Task& task) { return clone_task(task, {.flags = clone_vfork | clone_vm, .exit_signal = sigchld}); }

Result<u64> clone(Task& task, Flags flags, UserAddress stack, UserOut<i32> parent_id, u64 fourth, u64 fifth) {
    // x86-64: (flags, stack, parent_tid, child_tid, tls); arm64 swaps the last two.
#if defined(__x86_64__)
    u64 child_id = fourth, thread_pointer = fifth;
#else
    u64 child_id = fifth, thread_pointer = fourth;
#endif
    constexpr u32 signal_mask = 0xff;
    return clone_task(task, {.flags = flags & ~signal_mask, .exit_signal = static_cast<i32>(flags & signal_mask), .stack = stack,
                             .thread_pointer = thread_pointer, .parent_id = parent_id, .child_id = {{child_id}}, .pidfd = parent_id});
}
Result<u64> clone3(Task& task, UserIn<CloneArguments> user, u64 size) {
    constexpr u64 first_version = 64;
    auto from = TRY(read_growing<CloneArguments>(user.at, size, first_version));
    if (from.set_tid_size || (from.flags & (clone_detached | 0xff)) || from.exit_signal > last_signal) return fail(Error::invalid);
    if ((from.flags & (clone_thread | clone_parent)) && from.exit_signal) return fail(Error::invalid);
    if ((from.stack == 0) != (from.stack_size == 0)) return fail(Error::invalid);
    return clone_task(task, {.flags = from.flags, .exit_signal = static_cast<i32>(from.exit_signal), .stack = {from.stack + from.stack_size},
                             .thread_pointer = from.tls, .parent_id = {{from.parent_tid}}, .child_id = {{from.child_tid}}, .pidfd = {{from.pidfd}}});
}

namespace {
Result<u64> run(Task& task, Shared<fs::Dentry> entry, SmallText path, UserAddress arguments, UserAddress environment) {
    // A quarter of the stack's limit, as Linux has it, for both together.
    u64 limit = std::clamp<u64>(task.process().limit(limit_stack).soft / 4, 128_KiB, most_string_bytes);
    ExecRequest request{.entry = std::move(entry), .path = std::move(path)};
    TRY(request.arguments.add_from_program(arguments, limit));
    TRY(request.environment.add_from_program(environment, limit - std::min<u64>(limit, request.arguments.size())));
    if (request.arguments.count() == 0) TRY(request.arguments.add(""));  // as Linux since 5.18: argv[0] always exists
    ExecProblem problem;
    TRY(execute(task, std::move(request), problem));
    return 0;
}
}  // namespace

Result<u64> execveat(Task& task, DirectoryDescriptor at, UserPath user_path, UserAddress arguments, UserAddress environment, Flags flags) {
    constexpr u32 no_follow = 0x100, empty_path = 0x1000;
    if (flags & ~(no_follow | empty_path)) return fail(Error::invalid);
    auto path = TRY(user_path.read());
    Shared<fs::Dentry> entry;
    {
        Caller caller(task);
        entry = TRY(caller.resolve(task, at, path, flags & no_follow ? fs::Follow::no : fs::Follow::yes, flags & empty_path));
    }
    if ((flags & no_follow) && TRY(fs::stat(*entry)).type == fs::FileType::link) return fail(Error::symlink_loop);
    if (at.value != DirectoryDescriptor::current && !path.view().starts_with('/')) {
        // What scripts' interpreters and AT_EXECFN are given [execveat(2)].
        char buffer[64 + 16];
        auto prefix = format_to(buffer, "/dev/fd/{}", at.value);
        auto shown = TRY(SmallText::create(prefix.size() + (path.empty() ? 0 : 1 + path.size())));
        std::ranges::copy(prefix, shown.data());
        if (!path.empty()) shown.data()[prefix.size()] = '/', std::ranges::copy(path.view(), shown.data() + prefix.size() + 1);
        path = std::move(shown);
    }
    return run(task, std::move(entry), std::move(path), arguments, environment);
}
Result<u64> execve(Task& task, UserPath path, UserAddress arguments, UserAddress environment) {
    return execveat(task, {DirectoryDescriptor::current}, path, arguments, environment, {0});
}

Result<u64> exit(Task& task, i32 status) { exit_task(task, WaitStatus::exited(status)); }
Result<u64> exit_group(Task& task, i32 status) { exit_process(task, WaitStatus::exited(status)); }

Result<u64> getpid(Task& task) { return static_cast<u64>(task.process_id()); }
Result<u64> gettid(Task& task) { return static_cast<u64>(task.id()); }
Result<u64> getppid(Task& task) {
    TreeGuard guard(tree_lock());
    auto* parent = task.process().parent;
    return parent ? static_cast<u64>(parent->id()) : 0;
}

namespace {
/// The process with this number, or the caller's for 0. With the tree's lock held.
Result<Process*> process_by(Task& task, i32 pid) {
    auto* process = pid == 0 ? &task.process() : tree().processes.find(pid);
    if (!process) return fail(Error::no_process);
    return process;
}
}  // namespace

Result<u64> getpgid(Task& task, i32 pid) {
    TreeGuard guard(tree_lock());
    return static_cast<u64>(TRY(process_by(task, pid))->group);
}
Result<u64> getpgrp(Task& task) { return getpgid(task, 0); }
Result<u64> getsid(Task& task, i32 pid) {
    TreeGuard guard(tree_lock());
    return static_cast<u64>(TRY(process_by(task, pid))->session);
}
Result<u64> setpgid(Task& task, i32 pid, i32 group) {
    if (group < 0) return fail(Error::invalid);
    TreeGuard guard(tree_lock());
    auto& own = task.process();
    auto* process = TRY(process_by(task, pid));
    if (process != &own) {
        if (process->parent != &own) return fail(Error::no_process);
        if (process->session != own.session) return fail(Error::not_permitted);
        if (process->executed) return fail(Error::access_denied);
    }
    if (process->session == process->id()) return fail(Error::not_permitted);
    if (group == 0) group = process->id();
    if (group != process->id()) {
        bool found = false;
        tree().groups.for_each(group, [&](Process& other) { return !(found = other.session == process->session); });
        if (!found) return fail(Error::not_permitted);
    }
    tree().groups.put(*process, group);
    return 0;
}
Result<u64> setsid(Task& task) {
    TreeGuard guard(tree_lock());
    auto& process = task.process();
    bool leads = false;
    tree().groups.for_each(process.id(), [&](Process&) { return !(leads = true); });
    if (leads) return fail(Error::not_permitted);
    tree().groups.put(process, process.id());
    process.session = process.id();
    return static_cast<u64>(process.id());
}

}  // namespace spore::linux::calls
