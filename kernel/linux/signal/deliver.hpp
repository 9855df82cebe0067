// What happens between the end of a system call, fault or interrupt and the program's next instruction.
#pragma once

#include "kernel/linux/process/task.hpp"

namespace spore::linux {

/// Delivers pending signals: ends or stops the process, or prepares the frame so that the program continues in a handler.
/// Settles what becomes of an interrupted system call. Does not return when the task ends.
void attend(Task& task, arch::TrapFrame& frame);

/// While the task waits inside a call, `mask` is blocked instead (sigsuspend, ppoll, epoll_pwait). The former mask comes back
/// after the handler, or with end_temporary_mask when none runs.
void begin_temporary_mask(Task& task, SignalSet mask);
/// Puts the former mask back, unless `interrupted`: then delivery does it, so that the handler runs under `mask`.
void end_temporary_mask(Task& task, bool interrupted);

}  // namespace spore::linux
