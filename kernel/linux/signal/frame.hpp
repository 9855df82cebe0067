// The machine's part of signal delivery: the frame on the program's stack. Implemented in machine/<machine>/.
#pragma once

#include "arch/entry.hpp"
#include "kernel/linux/process/task.hpp"

namespace spore::linux {

/// Pushes a frame that holds the program's registers, and makes `frame` continue in the handler. bad_address when the stack
/// cannot take it.
Result<void> push_signal_frame(Task& task, arch::TrapFrame& frame, const SignalInfo& info, const SignalAction& action, SignalSet restored_mask);
/// rt_sigreturn: the registers as they were, the mask that was saved.
Result<SignalSet> pop_signal_frame(Task& task, arch::TrapFrame& frame);
/// The siginfo for a fault that the machine reported.
SignalInfo describe_fault(const entry::Fault& fault, VirtAddr instruction);

}  // namespace spore::linux
