// What the assembly in entry.S calls: sorts traps into interrupts, faults of the program, and faults of the kernel.
#include "../../isa/x86_64/trap/fault.hpp"
#include "../apic/local_apic.hpp"
#include "../clock/clock.hpp"
#include "../cpu/local.hpp"
#include "../../isa/x86_64/mmu/flush.hpp"
#include "arch/boot.hpp"
#include "arch/entry.hpp"
#include "interrupts.hpp"
#include "kernel/core/log.hpp"
#include "kernel/core/trace.hpp"
#include "kernel/task/thread.hpp"
#include "vectors.hpp"

namespace spore::arch {
namespace {

bool from_program(const TrapFrame& frame) { return (frame.cs & 3) || static_cast<i64>(frame.rsp) >= 0; }

void handle_interrupt(u32 number) {
    core::trace(core::TracePoint::interrupt, number);
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

}  // namespace spore::arch
