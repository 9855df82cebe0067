// Program registers by their role, for code that does not know the machine.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "arch/context.hpp"

namespace spore::arch {

u64 system_call_number(const TrapFrame& frame);
/// Argument 0 … 5 of a system call.
u64 system_call_argument(const TrapFrame& frame, unsigned index);
void set_system_call_result(TrapFrame& frame, i64 result);
i64 system_call_result(const TrapFrame& frame);
/// Makes the program execute its system call instruction once more, with the number and arguments it had.
void rewind_system_call(TrapFrame& frame);
/// The same, but as system call `number` (restart_syscall).
void rewind_system_call_as(TrapFrame& frame, u64 number);
bool in_system_call(const TrapFrame& frame);

VirtAddr instruction_pointer(const TrapFrame& frame);
void set_instruction_pointer(TrapFrame& frame, VirtAddr at);
VirtAddr stack_pointer(const TrapFrame& frame);
void set_stack_pointer(TrapFrame& frame, VirtAddr at);
VirtAddr frame_pointer(const TrapFrame& frame);
/// Whether program code has run since the kernel last returned to it: not, when what interrupted it came due in the kernel. Of the frame that an interrupt
/// of program code made.
bool came_due_in_kernel(const TrapFrame& frame);
/// All registers for people, a line at a time: its length, 0 after the last.
std::size_t describe_registers(const TrapFrame& frame, u32 line, std::span<char> out);

// The running thread's registers are live in the CPU while it is in the kernel: these functions, given task::current()'s state, read and
// write the CPU as well.

/// The register that programs find their thread's data by (FS base on x86-64, TPIDR_EL0 on arm64).
void set_thread_pointer(ProgramState& state, u64 value);
u64 thread_pointer(const ProgramState& state);
/// Another for the same purpose, which x86-64 alone has.
void set_gs_base(ProgramState& state, u64 value);
u64 gs_base(const ProgramState& state);

/// The program's floating point and vector registers in the machine's ABI layout (XSAVE area on x86-64), for signal frames.
std::size_t extended_state_size();
void export_extended_state(ProgramState& state, MutableByteSpan out);
/// The parts that it has room for: XCR0 on x86-64 [intel/vol1 13.3]; 0 where there are none.
u64 extended_state_components();
/// invalid when the bytes are not a state this CPU can load.
Result<void> import_extended_state(ProgramState& state, ByteSpan in);

/// A fresh program's registers (execve).
void reset_program_state(ProgramState& state);

/// New keys for the program's signed pointers: `which` is a set of keys as prctl's PR_PAC_RESET_KEYS has it, 0 for all. invalid for keys that
/// the machine does not have.
Result<void> renew_program_keys(ProgramState& state, u64 which);

/// AT_HWCAP, AT_HWCAP2, AT_PLATFORM, AT_MINSIGSTKSZ of this machine.
u64 hardware_capabilities();
u64 hardware_capabilities_2();
const char* platform_name();
/// One line of /proc/cpuinfo's block for a CPU at a time.
std::size_t describe_cpu(u32 cpu, std::span<char> out);


/// What programs read the time by themselves with: a page that the machine keeps up to date, and the code that reads it, whole pages of the
/// kernel's own memory (kernel/linux/vdso). Empty where the machine has none.
struct ProgramClock {
    PhysAddr page{};
    PhysAddr code{};
    std::size_t code_size = 0;
};
ProgramClock program_clock();

}  // namespace spore::arch
