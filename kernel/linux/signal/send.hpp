// Sending signals: from programs, from the kernel, from timers. Any context that may take a spin lock, interrupts included.
#pragma once

#include "kernel/linux/process/process.hpp"

namespace spore::linux {

/// To any thread of the process that does not block it. Number 0 sends nothing.
void send_to_process(Process& process, const SignalInfo& info);
/// The same with the tree's lock held. What remembers the signal is made before, and what is left of it goes after.
Owned<QueuedSignal> make_entry(const SignalInfo& info);
void send_to_process_locked(Process& process, const SignalInfo& info, Owned<QueuedSignal>& entry);
/// To this thread.
void send_to_task(Task& task, const SignalInfo& info);
/// The same; false when as many real-time signals wait there as RLIMIT_SIGPENDING lets, and this one was dropped.
bool try_send_to_process(Process& process, const SignalInfo& info);
bool try_send_to_task(Task& task, const SignalInfo& info);
/// To a task with the tree's lock held, and without saying who sent it.
void send_number_locked(Task& task, i32 number);
/// The same to every process of a group.
void send_number_to_group_locked(i32 group, i32 number);
/// To a process, for who goes through several by their numbers, upwards: none that they are making is missed.
void send_to_one_of_several(Process& process, const SignalInfo& info);
/// To every process of a group, of which with a `sender` to those that it may signal: not_permitted when there is no such, no_process when there
/// is none at all.
Result<void> send_to_group(i32 group, const SignalInfo& info, Process* sender = nullptr);
/// A timer's signal: while one of the same timer waits, that one counts more overruns instead. `task_id` 0: to the process.
enum class TimerSignal : u8 { queued, merged };
TimerSignal send_timer_signal(Process& process, i32 task_id, const SignalInfo& info);
/// Whether a signal of the timer waits to be taken.
bool timer_signal_waits(Process& process, i32 task_id, i32 number, i32 timer);
/// A fault of the current task: cannot be ignored or blocked; then the process ends.
void raise_fault(Task& task, const SignalInfo& info);
/// Ends the process at once, whatever it does about signals.
void kill_process(Process& process);

/// True when a signal from `sender` to `target` is allowed (kill(2)).
bool may_signal(Process& sender, Process& target, i32 number);
/// SIGCHLD is ignored, or SA_NOCLDWAIT is set: children vanish by themselves.
bool parent_ignores_children(Process& parent);
bool parent_wants_stops(Process& parent);

/// The task takes these no more, with the tree's lock held: of those that wait for the process, others that can are told [linux] retarget_shared_pending.
void pass_on_signals(Task& task, SignalSet which);
/// Changes which signals the current task blocks, and looks again at what is pending.
void set_blocked(Task& task, SignalSet blocked);
/// Whether a signal waits that the task does not block. With the signal lock held.
bool has_deliverable(Task& task);

}  // namespace spore::linux
