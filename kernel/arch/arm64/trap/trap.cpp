// What the assembly in entry.S calls: sorts traps into faults of the program and faults of the kernel.
#include "../cpu/local.hpp"
#include "../mode.hpp"
#include "arch/boot.hpp"
#include "arch/entry.hpp"
#include "identification.hpp"
#include "interrupts.hpp"
#include "kernel/core/log.hpp"
#include "kernel/core/panic.hpp"
#include "syndrome.hpp"

extern "C" char program_access_start[], program_access_end[], program_access_failed[];

namespace spore::arch {
namespace {

/// Without the tag that programs may keep in the top byte.
VirtAddr untagged(u64 address) { return {address & 0x00ff'ffff'ffff'ffff}; }

[[noreturn]] void die(const TrapFrame& frame, const char* what) {
    char text[512];
    write_early_console(format_to(text, "\nkernel fault: {} (syndrome {:x}, address {:x}) on CPU {}\npc {:x} sp {:x} pstate {:x}\n", what,
                                  frame.syndrome, frame.fault_address, local().id, frame.pc, frame.sp, frame.pstate));
    for (u32 i = 0; i < 31; i += 3) {
        bool last = i == 30;
        write_early_console(last ? format_to(text, "x{} {:x}\n", i, frame.x[i])
                                 : format_to(text, "x{} {:x} x{} {:x} x{} {:x}\n", i, frame.x[i], i + 1, frame.x[i + 1], i + 2, frame.x[i + 2]));
    }
    core::panic("{} in the kernel at {:x}, address {:x}", what, frame.pc, frame.fault_address);
}

entry::FaultKind fault_kind(Syndrome syndrome) {
    using enum entry::FaultKind;
    switch (syndrome.kind()) {
    case Syndrome::Class::data_abort: case Syndrome::Class::data_abort_same:
    case Syndrome::Class::instruction_abort: case Syndrome::Class::instruction_abort_same:
        return syndrome.is_alignment() ? alignment : syndrome.is_external() ? machine_check : page;
    case Syndrome::Class::pc_alignment: case Syndrome::Class::sp_alignment: return alignment;
    case Syndrome::Class::floating_point: return floating_point;
    case Syndrome::Class::breakpoint_instruction: return breakpoint;
    case Syndrome::Class::step: case Syndrome::Class::step_same: return single_step;
    default: return invalid_instruction;
    }
}

}  // namespace

extern "C" [[gnu::used]] void machine_leave(TrapFrame& frame) { entry::leave_to_program(frame); }

extern "C" [[gnu::used]] void machine_interrupt(TrapFrame& frame) {
    handle_interrupts();
    entry::leave_to_program(frame);
}

extern "C" [[gnu::used]] void machine_program_fault(TrapFrame& frame) {
    Syndrome syndrome{frame.syndrome};
    if (read_identification(frame, syndrome)) return entry::leave_to_program(frame);
    entry::Fault fault{.kind = fault_kind(syndrome), .machine_code = frame.syndrome, .vector = static_cast<u64>(syndrome.kind())};
    if (fault.kind == entry::FaultKind::page || fault.kind == entry::FaultKind::alignment) fault.address = untagged(frame.fault_address);
    if (fault.kind == entry::FaultKind::page) fault.access = syndrome.wanted_access();
    entry::program_fault(frame, fault);
    entry::leave_to_program(frame);
}

extern "C" [[gnu::used]] void machine_kernel_trap(TrapFrame& frame) {
    Syndrome syndrome{frame.syndrome};
    bool in_access = frame.pc >= reinterpret_cast<u64>(program_access_start) && frame.pc < reinterpret_cast<u64>(program_access_end);
    bool page = syndrome.kind() == Syndrome::Class::data_abort_same && !syndrome.is_alignment() && !syndrome.is_external();
    if (!in_access) die(frame, page ? "page fault" : "exception");
    if (page && entry::kernel_touch(untagged(frame.fault_address), syndrome.wanted_access())) return;
    frame.pc = reinterpret_cast<u64>(program_access_failed);
}

extern "C" [[gnu::used, noreturn]] void machine_stack_overflow(TrapFrame& frame) { die(frame, "kernel stack overflow"); }
extern "C" [[gnu::used, noreturn]] void machine_emergency(TrapFrame& frame) { die(frame, "unexpected trap"); }

}  // namespace spore::arch
