// All processes and tasks: their numbers, who is whose child, and how they begin and end.
#pragma once

#include "kernel/linux/process/ids.hpp"
#include "kernel/linux/process/numbers.hpp"
#include "kernel/linux/process/process.hpp"

namespace spore::linux {

/// All processes and tasks, and the lock over their relations.
struct Tree {
    IdTable<Process, &Process::number_link> processes;
    GroupTable<Process, &Process::group_link> groups;
    IdTable<Task, &Task::number_link> tasks;
    Numbers numbers;
    u32 task_count = 0;
    u64 forks = 0;
};
sync::Spin& tree_lock();
/// With the lock held.
Tree& tree();
using TreeGuard = Guard<sync::Spin>;

/// Who makes a process, and how many common signals it had been sent when it began.
struct Maker {
    explicit Maker(Process& who) : process(who), heard(who.common_signals.load(std::memory_order_acquire)) {}
    bool has_heard_all() const { return process.common_signals.load(std::memory_order_relaxed) == heard; }
    Process& process;
    u32 heard;
};
/// Whether the tasks of the process's real user, and `more`, are more than its RLIMIT_NPROC allows: what has ended counts until it is waited for. User 0's may be
/// any number. With the lock held.
bool exceeds_process_limit(Process& process, i64 more);
/// Gives `task` its number and joins it to the tables and to `process`. A process without tasks is new: it becomes the child, or
/// sibling, of its maker, or the first process when that is null. False when no number is left, the user has too many tasks, or the maker was sent a signal with others meanwhile, which
/// the new process would have missed: it is to be made after that, if at all.
bool attach(Process& process, Task& task, const Maker* maker, Parentage how = Parentage::child);
/// Makes `task`, the only one left, the main task of its process, with its number (execve).
void take_number_of_main(Task& task);
/// Ends the current task with what Linux does at a thread's end; the last one of a process ends the process.
[[noreturn]] void exit_task(Task& task, WaitStatus status);
/// Ends the process of the current task.
[[noreturn]] void exit_process(Task& task, WaitStatus status);

/// Finding by number; null when there is none. An owner each, so that it stays while it is looked at.
Shared<Process> find_process(i32 id);
/// The one with the lowest number from `id` on, for a walk over all that holds the lock for a step at a time.
Shared<Process> next_process(i32 id);
/// The same of those in `group`.
Shared<Process> next_in_group(i32 id, i32 group);
/// A group is orphaned when no parent of its members stands in another group of the same session: nobody could continue it [POSIX 3.270]. Of the members
/// `without` does not count. With the lock held.
bool is_orphaned(i32 group, const Process* without = nullptr);
Shared<Task> find_task(i32 id);
/// Records what all tasks are called, for a trace that begins now.
void trace_tasks();

}  // namespace spore::linux
