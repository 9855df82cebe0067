// Program registers by role.
#include "arch/registers.hpp"

#include "../cpu/features.hpp"
#include "../instructions.hpp"
#include "base/format.hpp"
#include "machine_cpu.hpp"

namespace spore::arch {

u64 system_call_number(const TrapFrame& frame) { return static_cast<u32>(frame.origin); }  // EAX [linux] do_syscall_x64
u64 system_call_argument(const TrapFrame& frame, unsigned index) {
    const u64 arguments[] = {frame.rdi, frame.rsi, frame.rdx, frame.r10, frame.r8, frame.r9};
    return arguments[index];
}
void set_system_call_result(TrapFrame& frame, i64 result) { frame.rax = static_cast<u64>(result); }
i64 system_call_result(const TrapFrame& frame) { return static_cast<i64>(frame.rax); }
bool in_system_call(const TrapFrame& frame) { return frame.origin != ~u64{0}; }

void rewind_system_call(TrapFrame& frame) { rewind_system_call_as(frame, frame.origin); }
void rewind_system_call_as(TrapFrame& frame, u64 number) {
    frame.rax = number;
    frame.rip -= rewind_distance(frame);
    frame.origin = ~u64{0};
}

std::size_t describe_registers(const TrapFrame& f, u32 line, std::span<char> out) {
    auto four = [&](std::string_view a, u64 va, std::string_view b, u64 vb, std::string_view c, u64 vc, std::string_view d, u64 vd) {
        return format_to(out, "{} {:x}  {} {:x}  {} {:x}  {} {:x}", a, va, b, vb, c, vc, d, vd).size();
    };
    switch (line) {
    case 0: return four("rip", f.rip, "rsp", f.rsp, "rbp", f.rbp, "rflags", f.rflags);
    case 1: return four("rax", f.rax, "rbx", f.rbx, "rcx", f.rcx, "rdx", f.rdx);
    case 2: return four("rsi", f.rsi, "rdi", f.rdi, "r8", f.r8, "r9", f.r9);
    case 3: return four("r10", f.r10, "r11", f.r11, "r12", f.r12, "r13", f.r13);
    case 4: return format_to(out, "r14 {:x}  r15 {:x}", f.r14, f.r15).size();
    default: return 0;
    }
}

bool came_due_in_kernel(const TrapFrame& frame) { return frame.ran_to != frame.rip; }
VirtAddr instruction_pointer(const TrapFrame& frame) { return {frame.rip}; }
void set_instruction_pointer(TrapFrame& frame, VirtAddr at) { frame.rip = at.value; }
VirtAddr stack_pointer(const TrapFrame& frame) { return {frame.rsp}; }
void set_stack_pointer(TrapFrame& frame, VirtAddr at) { frame.rsp = at.value; }
VirtAddr frame_pointer(const TrapFrame& frame) { return {frame.rbp}; }

u64 hardware_capabilities() { return cpuid(1).edx; }
/// That programs may use RDGSBASE and its like [linux Documentation/arch/x86/x86_64/fsgs.rst].
u64 hardware_capabilities_2() { return features.fsgsbase ? 2 : 0; }
const char* platform_name() { return "x86_64"; }

}  // namespace spore::arch
