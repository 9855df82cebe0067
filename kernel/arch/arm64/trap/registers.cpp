// Program registers by role.
#include "arch/registers.hpp"

#include "base/format.hpp"

namespace spore::arch {

u64 system_call_number(const TrapFrame& frame) { return static_cast<u32>(frame.origin); }  // W8 [linux] do_el0_svc
u64 system_call_argument(const TrapFrame& frame, unsigned index) { return frame.x[index]; }
void set_system_call_result(TrapFrame& frame, i64 result) { frame.x[0] = static_cast<u64>(result); }
i64 system_call_result(const TrapFrame& frame) { return static_cast<i64>(frame.x[0]); }
bool in_system_call(const TrapFrame& frame) { return frame.origin != ~u64{0}; }

void rewind_system_call(TrapFrame& frame) { rewind_system_call_as(frame, frame.origin); }
void rewind_system_call_as(TrapFrame& frame, u64 number) {
    constexpr u64 instruction_size = 4;
    frame.x[0] = frame.original_x0;
    frame.x[8] = number;
    frame.pc -= instruction_size;
    frame.origin = ~u64{0};
}

std::size_t describe_registers(const TrapFrame& f, u32 line, std::span<char> out) {
    if (line == 0) return format_to(out, "pc {:x}  sp {:x}  pstate {:x}  lr {:x}", f.pc, f.sp, f.pstate, f.x[30]).size();
    u32 first = (line - 1) * 4;
    if (first > 28) return 0;
    if (first == 28) return format_to(out, "x28 {:x}  x29 {:x}", f.x[28], f.x[29]).size();
    return format_to(out, "x{} {:x}  x{} {:x}  x{} {:x}  x{} {:x}", first, f.x[first], first + 1, f.x[first + 1], first + 2, f.x[first + 2],
                     first + 3, f.x[first + 3]).size();
}

bool came_due_in_kernel(const TrapFrame& frame) { return frame.syndrome != frame.pc; }
VirtAddr instruction_pointer(const TrapFrame& frame) { return {frame.pc}; }
void set_instruction_pointer(TrapFrame& frame, VirtAddr at) { frame.pc = at.value; }
VirtAddr stack_pointer(const TrapFrame& frame) { return {frame.sp}; }
void set_stack_pointer(TrapFrame& frame, VirtAddr at) { frame.sp = at.value; }
VirtAddr frame_pointer(const TrapFrame& frame) { return {frame.x[29]}; }

}  // namespace spore::arch
