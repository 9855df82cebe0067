// A program's registers on the host: x86-64's frame, and extended state that is a plain block of bytes.
#include <cstring>

#include "arch/registers.hpp"
#include "tests/fakes/cpu.hpp"

namespace spore::fakes {
namespace {
void (*program)(arch::TrapFrame&) = nullptr;
}
void set_program(void (*wanted)(arch::TrapFrame&)) { program = wanted; }
}  // namespace spore::fakes

namespace spore::arch {

u64 system_call_number(const TrapFrame& frame) { return frame.origin; }
u64 system_call_argument(const TrapFrame& frame, unsigned index) {
    const u64 arguments[] = {frame.rdi, frame.rsi, frame.rdx, frame.r10, frame.r8, frame.r9};
    return arguments[index];
}
void set_system_call_result(TrapFrame& frame, i64 result) { frame.rax = static_cast<u64>(result); }
i64 system_call_result(const TrapFrame& frame) { return static_cast<i64>(frame.rax); }
void rewind_system_call(TrapFrame& frame) { rewind_system_call_as(frame, frame.origin); }
void rewind_system_call_as(TrapFrame& frame, u64 number) {
    frame.rax = number;
    frame.rip -= 2;
    frame.origin = ~u64{0};
}
bool in_system_call(const TrapFrame& frame) { return frame.origin != ~u64{0}; }

bool came_due_in_kernel(const TrapFrame&) { return !fakes::program_has_run(); }
VirtAddr instruction_pointer(const TrapFrame& frame) { return {frame.rip}; }
void set_instruction_pointer(TrapFrame& frame, VirtAddr at) { frame.rip = at.value; }
VirtAddr stack_pointer(const TrapFrame& frame) { return {frame.rsp}; }
void set_stack_pointer(TrapFrame& frame, VirtAddr at) { frame.rsp = at.value; }
VirtAddr frame_pointer(const TrapFrame& frame) { return {frame.rbp}; }
std::size_t describe_registers(const TrapFrame&, u32, std::span<char>) { return 0; }

void set_thread_pointer(ProgramState&, u64) {}
u64 thread_pointer(const ProgramState&) { return 0; }
void set_gs_base(ProgramState&, u64) {}
u64 gs_base(const ProgramState&) { return 0; }
std::size_t extended_state_size() { return 832; }
u64 extended_state_components() { return 7; }
void export_extended_state(ProgramState&, MutableByteSpan out) { std::memset(out.data(), 0, out.size()); }
Result<void> import_extended_state(ProgramState&, ByteSpan) { return {}; }
void reset_program_state(ProgramState&) {}
Result<void> renew_program_keys(ProgramState&, u64) { return fail(Error::invalid); }

u64 hardware_capabilities() { return 0; }
u64 hardware_capabilities_2() { return 0; }
const char* platform_name() { return "x86_64"; }
std::size_t describe_cpu(u32, std::span<char>) { return 0; }
ProgramClock program_clock() { return {}; }

void enter_program(TrapFrame* frame) {
    if (fakes::program) fakes::program(*frame);
    __builtin_trap();
}
void prepare_program_frame(TrapFrame& frame, VirtAddr entry, VirtAddr stack_pointer) {
    frame = {};
    frame.origin = ~u64{0};
    frame.rip = entry.value;
    frame.rsp = stack_pointer.value;
}

}  // namespace spore::arch
