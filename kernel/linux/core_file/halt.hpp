// All tasks of a process but one stand still, so that the one can look at them.
#pragma once

#include <atomic>

#include "base/types.hpp"

namespace spore::linux {

class Task;
struct WaitStatus;

/// On the stack of the task that looks, while Process::core_halt leads to it.
struct CoreHalt {
    u32 halted = 0;                    ///< tree_lock(): tasks that wait in stand_still()
    std::atomic<bool> killed = false;  ///< the process was sent SIGKILL: there is no time for more
};

/// Begins to end the process of the current task, and waits until all others of its tasks have ended or stand still, but for those that do rings' work.
/// False when the process ends already: then nobody stands still.
bool halt_others(Task& task, WaitStatus status, CoreHalt& halt);
/// They end; the process has ended with `status`.
void let_others_end(Task& task, WaitStatus status);
/// At the end of the current task, when its process is halted: until it no longer is. Its registers are in its frame and its program_state().
void stand_still(Task& task);

}  // namespace spore::linux
