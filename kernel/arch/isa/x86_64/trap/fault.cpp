#include "fault.hpp"

#include "arch/boot.hpp"
#include "arch/cpu.hpp"
#include "arch/entry.hpp"
#include "exceptions.hpp"
#include "kernel/core/log.hpp"
#include "kernel/core/panic.hpp"
#include "machine_cpu.hpp"

extern "C" char program_access_start[], program_access_end[], program_access_failed[];

namespace spore::arch {
namespace {

/// Page fault error code [intel/vol3 4.7].
enum PageFaultBit : u64 { was_present = 1, was_write = 2, was_fetch = 16, reserved_bit = 8 };

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

}  // namespace

Access wanted_access(u64 error) {
    return {.read = !(error & (was_write | was_fetch)), .write = (error & was_write) != 0, .execute = (error & was_fetch) != 0};
}

void die(const TrapFrame& frame, const char* what) {
    char text[512];
    write_early_console(format_to(text,
        "\nkernel fault: {} (vector {}, error {:x}, address {:x}) on CPU {}\n"
        "rip {:x} rsp {:x} rbp {:x} rflags {:x} cs {:x}\n"
        "rax {:x} rbx {:x} rcx {:x} rdx {:x} rsi {:x} rdi {:x}\n"
        "r8 {:x} r9 {:x} r10 {:x} r11 {:x} r12 {:x} r13 {:x} r14 {:x} r15 {:x}\n",
        what, frame.vector, frame.error, fault_address(), cpu_id(), frame.rip, frame.rsp, frame.rbp, frame.rflags, frame.cs,
        frame.rax, frame.rbx, frame.rcx, frame.rdx, frame.rsi, frame.rdi, frame.r8, frame.r9, frame.r10, frame.r11,
        frame.r12, frame.r13, frame.r14, frame.r15));
    core::panic("{} in the kernel at {:x}, address {:x}", what, frame.rip, fault_address());
}

void handle_kernel_fault(TrapFrame& frame) {
    bool in_access = frame.rip >= reinterpret_cast<u64>(program_access_start) && frame.rip < reinterpret_cast<u64>(program_access_end);
    if (!in_access) die(frame, frame.vector == vector::page ? "page fault" : "exception");
    u64 address = fault_address();
    if (frame.vector == vector::page && entry::kernel_touch({address}, wanted_access(frame.error))) return;
    frame.rip = reinterpret_cast<u64>(program_access_failed);
}

void handle_program_fault(TrapFrame& frame) {
    frame.ran_to = ~u64{0};
    entry::Fault fault{.kind = fault_kind(frame.vector), .machine_code = frame.error, .vector = frame.vector};
    if (frame.vector == vector::page) {
        fault.address = {fault_address()};
        fault.access = wanted_access(frame.error);
    }
    if (fault.kind == entry::FaultKind::vector_floating_point) {
        u32 mxcsr;
        asm("stmxcsr %0" : "=m"(mxcsr));
        fault.machine_code = mxcsr;
    }
    entry::program_fault(frame, fault);
}

}  // namespace spore::arch
