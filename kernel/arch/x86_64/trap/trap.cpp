// What the assembly in entry.S calls: sorts traps into interrupts, faults of the program, and faults of the kernel.
#include "../apic/local_apic.hpp"
#include "../clock/clock.hpp"
#include "../cpu/local.hpp"
#include "../instructions.hpp"
#include "../mmu/flush.hpp"
#include "arch/boot.hpp"
#include "arch/entry.hpp"
#include "arch/registers.hpp"
#include "interrupts.hpp"
#include "kernel/core/panic.hpp"
#include "kernel/core/log.hpp"
#include "kernel/task/thread.hpp"
#include "vectors.hpp"

extern "C" char program_access_start[], program_access_end[], program_access_failed[];

namespace spore::arch {
namespace {

/// Page fault error code [intel/vol3 4.7].
enum PageFaultBit : u64 { was_present = 1, was_write = 2, was_fetch = 16, reserved_bit = 8 };

Access wanted_access(u64 error) {
    return {.read = !(error & (was_write | was_fetch)), .write = (error & was_write) != 0, .execute = (error & was_fetch) != 0};
}

bool from_program(const TrapFrame& frame) { return (frame.cs & 3) || static_cast<i64>(frame.rsp) >= 0; }

void handle_interrupt(u32 number) {
    switch (number) {
    case vector::timer:
        refine_clock();
        end_of_interrupt();
        return task::on_timer();
    case vector::kick: end_of_interrupt(); return task::on_kick();
    case vector::flush: end_of_interrupt(); return serve_flushes();
    case vector::stop:
        while (true) asm volatile("cli; hlt");
    case vector::spurious: return;
    default:
        dispatch_device_interrupt(number);
        end_of_interrupt();
    }
}

entry::FaultKind fault_kind(u64 number) {
    using enum entry::FaultKind;
    switch (number) {
    case vector::divide: return divide;
    case vector::debug: return single_step;
    case vector::breakpoint: return breakpoint;
    case vector::overflow: return overflow;
    case vector::bounds: return bounds;
    case vector::invalid_opcode: return invalid_instruction;
    case vector::stack: case vector::segment: return stack;
    case vector::page: return page;
    case vector::x87: return floating_point;
    case vector::simd: return vector_floating_point;
    case vector::alignment: return alignment;
    default: return general_protection;
    }
}

[[noreturn]] void die(const TrapFrame& frame, const char* what) {
    char text[512];
    write_early_console(format_to(text,
        "\nkernel fault: {} (vector {}, error {:x}, address {:x}) on CPU {}\n"
        "rip {:x} rsp {:x} rbp {:x} rflags {:x} cs {:x}\n"
        "rax {:x} rbx {:x} rcx {:x} rdx {:x} rsi {:x} rdi {:x}\n"
        "r8 {:x} r9 {:x} r10 {:x} r11 {:x} r12 {:x} r13 {:x} r14 {:x} r15 {:x}\n",
        what, frame.vector, frame.error, read_cr2(), local().id, frame.rip, frame.rsp, frame.rbp, frame.rflags, frame.cs,
        frame.rax, frame.rbx, frame.rcx, frame.rdx, frame.rsi, frame.rdi, frame.r8, frame.r9, frame.r10, frame.r11,
        frame.r12, frame.r13, frame.r14, frame.r15));
    core::panic("{} in the kernel at {:x}, address {:x}", what, frame.rip, read_cr2());
}

void handle_kernel_fault(TrapFrame& frame) {
    bool in_access = frame.rip >= reinterpret_cast<u64>(program_access_start) && frame.rip < reinterpret_cast<u64>(program_access_end);
    if (!in_access) die(frame, frame.vector == vector::page ? "page fault" : "exception");
    u64 address = read_cr2();
    if (frame.vector == vector::page && entry::kernel_touch({address}, wanted_access(frame.error))) return;
    frame.rip = reinterpret_cast<u64>(program_access_failed);
}

void handle_program_fault(TrapFrame& frame) {
    frame.ran_to = ~u64{0};
    entry::Fault fault{.kind = fault_kind(frame.vector), .machine_code = frame.error, .vector = frame.vector};
    if (frame.vector == vector::page) {
        fault.address = {read_cr2()};
        fault.access = wanted_access(frame.error);
    }
    if (fault.kind == entry::FaultKind::vector_floating_point) {
        u32 mxcsr;
        asm("stmxcsr %0" : "=m"(mxcsr));
        fault.machine_code = mxcsr;
    }
    entry::program_fault(frame, fault);
}

}  // namespace

extern "C" [[gnu::used]] void machine_leave(TrapFrame& frame) { entry::leave_to_program(frame); }

extern "C" [[gnu::used]] void machine_trap(TrapFrame& frame) {
    bool interrupt = frame.vector >= vector::first_external;
    if (!from_program(frame)) return interrupt ? handle_interrupt(static_cast<u32>(frame.vector)) : handle_kernel_fault(frame);
    if (interrupt) handle_interrupt(static_cast<u32>(frame.vector));
    else handle_program_fault(frame);
    entry::leave_to_program(frame);
}

extern "C" [[gnu::used, noreturn]] void machine_stack_overflow(TrapFrame& frame) { die(frame, "kernel stack overflow"); }

extern "C" [[gnu::used]] void machine_emergency(TrapFrame& frame) {
    if (frame.vector == vector::double_fault) die(frame, "double fault");
    if (frame.vector == vector::machine_check) die(frame, "machine check");
    // Whoever was interrupted may hold any lock, the log's too.
    char text[64];
    write_early_console(format_to(text, "\nnon-maskable interrupt at {:x}\n", frame.rip));
}

// ---- program registers by role (arch/registers.hpp) ----

u64 system_call_number(const TrapFrame& frame) { return frame.origin; }
u64 system_call_argument(const TrapFrame& frame, unsigned index) {
    const u64 arguments[] = {frame.rdi, frame.rsi, frame.rdx, frame.r10, frame.r8, frame.r9};
    return arguments[index];
}
void set_system_call_result(TrapFrame& frame, i64 result) { frame.rax = static_cast<u64>(result); }
i64 system_call_result(const TrapFrame& frame) { return static_cast<i64>(frame.rax); }
bool in_system_call(const TrapFrame& frame) { return frame.origin != ~u64{0}; }

namespace {
constexpr u64 system_call_size = 2;  // 0f 05
}
void rewind_system_call(TrapFrame& frame) { rewind_system_call_as(frame, frame.origin); }
void rewind_system_call_as(TrapFrame& frame, u64 number) {
    frame.rax = number;
    frame.rip -= system_call_size;
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
u64 hardware_capabilities_2() { return 0; }
const char* platform_name() { return "x86_64"; }

}  // namespace spore::arch
