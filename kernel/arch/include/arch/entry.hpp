// What the machine calls when a program enters the kernel. Declared here, implemented above (kernel/linux, kernel/memory):
// the machine knows how control arrives, not what it means.
#pragma once

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

/// A program made a system call; the frame carries its arguments. The result is returned and becomes the program's; who changes the frame
/// in another way sets the thread's attention flag (arch::set_program_thread). Bears the name that assembly calls it by.
i64 system_call(arch::TrapFrame& frame) asm("program_system_call");
/// Program code faulted. For page faults this first tries to serve it.
void program_fault(arch::TrapFrame& frame, const Fault& fault);
/// Kernel code touched the program's memory through arch/user_memory.hpp and the page was not there: true when it is now.
bool kernel_touch(VirtAddr address, arch::Access access);
/// The last stop before program code continues: reschedule when the slice is over, deliver signals. Interrupts are off.
void leave_to_program(arch::TrapFrame& frame);

}  // namespace spore::entry
