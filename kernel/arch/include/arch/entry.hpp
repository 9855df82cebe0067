// What the machine calls when a program enters the kernel. Declared here, implemented above (kernel/linux, kernel/memory):
// the machine knows how control arrives, not what it means.
#pragma once

#include <array>

#include "arch/context.hpp"
#include "arch/mmu.hpp"

namespace spore::entry {

/// Why program code stopped, other than by a system call or a page fault that was served.
enum class FaultKind : u8 {
    divide, overflow, bounds, breakpoint, single_step, invalid_instruction, floating_point, vector_floating_point, alignment,
    general_protection, stack, page, machine_check,
};
struct Fault {
    FaultKind kind;
    VirtAddr address{};      ///< of the access, for `page` and `alignment`
    arch::Access access{};   ///< what was wanted, for `page`
    u64 machine_code = 0;    ///< the CPU's own word on it (error code, MXCSR, …)
    u64 vector = 0;
};

/// What a system call runs: the arguments are in the frame, the result is returned and becomes the program's. Who changes the frame in another
/// way sets the thread's attention flag (arch::set_program_thread, which also names the owner).
using SystemCall = i64 (*)(void* owner, arch::TrapFrame& frame);
inline constexpr u64 system_call_numbers = 512;
// The machine's entry code reads these. The frame holds what a call may look at: number, arguments, instruction and stack pointer, flags.
/// By number, for numbers below direct_system_calls. All others are given to any_system_call.
extern "C" const std::array<SystemCall, system_call_numbers> system_calls;
extern "C" constinit u64 direct_system_calls;
extern "C" i64 any_system_call(void* owner, arch::TrapFrame& frame);
/// The machine's, to stand in system_calls for those that copy the program's registers: completes the frame and goes on to any_system_call.
extern "C" i64 system_call_with_all_registers(void* owner, arch::TrapFrame& frame);
/// Program code faulted. For page faults this first tries to serve it.
void program_fault(arch::TrapFrame& frame, const Fault& fault);
/// Kernel code touched the program's memory through arch/user_memory.hpp and the page was not there: true when it is now.
bool kernel_touch(VirtAddr address, arch::Access access);
/// The last stop before program code continues: reschedule when the slice is over, deliver signals. Interrupts are off.
void leave_to_program(arch::TrapFrame& frame);

}  // namespace spore::entry
