// Restartable sequences: a program's stretch of code that is begun anew when the thread was moved off its CPU in the middle of it, and the
// number of the CPU where it runs, in the program's own memory [rseq(2), linux include/uapi/linux/rseq.h].
//
// A task that registered an area is told of every switch to it (task::ThreadOwner), and looks at the area when it next leaves for program
// code; nothing is done for a system call that does not sleep.
#pragma once

#include "arch/context.hpp"
#include "base/result.hpp"

namespace spore::linux {

class Task;

/// Brings the area up to date, and sends the program to its abort handler when it stands inside a critical section. Before program code
/// continues after a switch, and before a signal's frame is made. A damaged area or section raises SIGSEGV.
void settle_rseq(Task& task, arch::TrapFrame& frame);

Result<void> register_rseq(Task& task, VirtAddr area, u32 size, u32 signature);
Result<void> unregister_rseq(Task& task, VirtAddr area, u32 size, u32 signature);

}  // namespace spore::linux
