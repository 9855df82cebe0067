// The machine's part of signal delivery: the frame on the program's stack. Implemented in machine/<machine>/, over what they share here.
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
/// What a frame takes of a signal stack (AT_MINSIGSTKSZ).
u64 smallest_signal_stack();

/// Where a handler's frame goes.
struct HandlerStack {
    u64 top;                ///< below this
    bool limited;           ///< it is the signal stack
    SignalStack described;  ///< for the frame's uc_stack

    bool can_hold(const Task& task, VirtAddr lowest) const { return !limited || task.signal_stack.holds(lowest); }
};
/// `red_zone`: what a program owns below its stack pointer.
HandlerStack choose_handler_stack(const Task& task, VirtAddr stack_pointer, const SignalAction& action, u64 red_zone = 0);
/// The frame is made.
void enter_handler_stack(Task& task);
/// The program goes back to `stack_pointer`; the frame says that its signal stack was `saved`.
void leave_handler_stack(Task& task, SignalStack saved, VirtAddr stack_pointer);

}  // namespace spore::linux
