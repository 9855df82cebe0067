// Switching between kernel stacks, and between kernel and program. The layout of these types is the machine's own:
// kernel/arch/<machine>/machine_context.hpp is found by the include path of the build.
#pragma once

#include <atomic>

#include "base/types.hpp"
#include "machine_context.hpp"  // defines arch::TrapFrame and arch::ExtendedState for this machine

namespace spore::arch {

/// A kernel thread's place to continue at: its stack pointer, the rest lies on that stack.
struct KernelContext {
    u64 stack_pointer = 0;
};

/// Lays out a fresh stack so that the first switch to it calls entry(argument). `entry` must not return.
void prepare_context(KernelContext& context, void* stack_top, void (*entry)(void*), void* argument);

/// Saves the running thread into `from` and continues `to`. Returns when somebody switches back.
extern "C" void switch_context(KernelContext& from, const KernelContext& to);

/// Where on its kernel stack a thread's program registers lie whenever it is in the kernel: just below the top.
inline TrapFrame* program_frame(void* stack_top) { return static_cast<TrapFrame*>(stack_top) - 1; }

/// Leaves the kernel: continues the program with the registers in `frame`, which must be program_frame() of the stack in use.
[[noreturn]] void enter_program(TrapFrame* frame);

/// What a program's frame looks like at its very first instruction.
void prepare_program_frame(TrapFrame& frame, VirtAddr entry, VirtAddr stack_pointer);

/// Makes `stack_top` the stack that this CPU's next trap from program code uses, `owner` what system calls are told first, and `attention` the
/// flag that makes the next one return through entry::leave_to_program. Called on every switch to a program's thread.
void set_program_thread(void* stack_top, void* owner, const std::atomic<bool>& attention);

/// Saves and restores the program's floating point, vector and thread pointer registers around thread switches. `state` is
/// allocated by create_program_state() and starts out as a fresh program's.
struct ProgramState;
ProgramState* create_program_state();
ProgramState* clone_program_state(const ProgramState& from);
void destroy_program_state(ProgramState* state);
void save_program_state(ProgramState& state);
void restore_program_state(const ProgramState& state);

}  // namespace spore::arch
