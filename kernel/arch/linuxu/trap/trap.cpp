// What the assembly in entry.S calls: sorts traps into system calls, interrupts, faults of the program, and faults of the kernel.
#include "../../isa/x86_64/trap/exceptions.hpp"
#include "../../isa/x86_64/trap/fault.hpp"
#include "../mmu/host_map.hpp"
#include "arch/entry.hpp"
#include "arch/registers.hpp"
#include "interrupts.hpp"
#include "machine_cpu.hpp"
#include "rewrite.hpp"
#include "vectors.hpp"

namespace spore::arch {

extern "C" void machine_leave(TrapFrame& frame);

namespace {

bool from_program(const TrapFrame& frame) { return &frame == local().program_frame; }

/// What a page fault was for. Kept by value: the CPU's notes of it are others' once the kernel has slept.
struct Touch {
    VirtAddr at;
    Access wanted;
    bool is_page;

    explicit Touch(const TrapFrame& frame) : at{fault_address()}, wanted(wanted_access(frame.error)), is_page(frame.vector == vector::page) {}
    /// Maps the page when it is the program's: at first to see whether it only was not mapped by the host yet, and once the kernel has put it into
    /// the table, which spares a second signal.
    bool map() const { return is_page && touch_program_page(at, wanted); }
};

void call_system(TrapFrame& frame) {
    consider_rewriting(frame);
    auto& cpu = local();
    u64 number = frame.origin;
    auto call = number < entry::direct_system_calls ? entry::system_calls[number] : entry::any_system_call;
    if (call == entry::system_call_with_all_registers) call = entry::any_system_call;  // the frame has them already
    i64 result = call(cpu.owner, frame);
    frame.rax = static_cast<u64>(result);
    auto& now = local();  // it may have slept, and be on another
    if (now.thread_attention->load(std::memory_order_relaxed) || now.attention.load(std::memory_order_relaxed)) machine_leave(frame);
    else mend_return(frame);
}

}  // namespace

extern "C" [[gnu::used]] void machine_leave(TrapFrame& frame) {
    entry::leave_to_program(frame);
    mend_return(frame);
}

extern "C" [[gnu::used]] void machine_news(TrapFrame& frame) {
    handle_news();
    machine_leave(frame);
}

extern "C" [[gnu::used]] void machine_trap(TrapFrame& frame) {
    Touch touch(frame);
    if (!from_program(frame)) {
        if (touch.map()) return;
        handle_kernel_fault(frame);
        touch.map();
        return;
    }
    if (in_system_call(frame)) return call_system(frame);
    if (frame.vector == vector::interrupt) return machine_news(frame);
    if (touch.map()) return mend_return(frame);
    if (frame.vector == vector::invalid_opcode && mend_invalid_instruction(frame)) return;
    handle_program_fault(frame);
    touch.map();
    machine_leave(frame);
}

}  // namespace spore::arch
