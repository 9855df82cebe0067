#include "arch/context.hpp"

#include "machine_cpu.hpp"

extern "C" void start_context();
extern "C" [[noreturn]] void enter_program_frame(spore::arch::TrapFrame* frame);

namespace spore::arch {
namespace {
/// What switch_context pops, lowest address first.
struct InitialStack {
    u64 r15 = 0, r14 = 0, r13 = 0, r12, rbx, rbp = 0, return_address;
    u64 alignment[2] = {};
};
}  // namespace

void prepare_context(KernelContext& context, void* stack_top, void (*entry)(void*), void* argument) {
    // The program's frame keeps its place at the very top, so that the first trap does not overwrite what start_context uses.
    auto* stack = reinterpret_cast<InitialStack*>(align_down(reinterpret_cast<u64>(program_frame(stack_top)), 16)) - 1;
    *stack = {.r12 = reinterpret_cast<u64>(argument), .rbx = reinterpret_cast<u64>(entry), .return_address = reinterpret_cast<u64>(start_context)};
    context.stack_pointer = reinterpret_cast<u64>(stack);
}

void enter_program(TrapFrame* frame) { enter_program_frame(frame); }

void prepare_program_frame(TrapFrame& frame, VirtAddr entry, VirtAddr stack_pointer) {
    auto selectors = program_selectors();
    frame = {};
    frame.origin = ~u64{0};
    frame.rip = entry.value;
    frame.cs = selectors.code;
    frame.rflags = 0x202;
    frame.rsp = stack_pointer.value;
    frame.ss = selectors.stack;
}

void set_program_thread(void* stack_top, void* owner, const std::atomic<bool>& attention) {
    auto& cpu = local();
    cpu.program_frame = program_frame(stack_top);
    cpu.owner = owner;
    cpu.thread_attention = &attention;
}

}  // namespace spore::arch
