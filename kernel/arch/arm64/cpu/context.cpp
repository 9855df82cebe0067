#include "arch/context.hpp"

#include "../mode.hpp"
#include "local.hpp"

extern "C" void start_context();
extern "C" [[noreturn]] void enter_program_frame(spore::arch::TrapFrame* frame);

namespace spore::arch {
namespace {
/// What switch_context loads.
struct InitialStack {
    u64 x19, x20, x21_to_x28[8] = {}, x29 = 0, return_address;
};
static_assert(sizeof(InitialStack) == 96);

constexpr u64 level_1_program_stack = 4;  // PSTATE.M: EL1, with SP_EL0
}  // namespace

void prepare_context(KernelContext& context, void* stack_top, void (*entry)(void*), void* argument) {
    // The program's frame keeps its place at the very top, so that the first trap does not overwrite what start_context uses.
    auto* stack = reinterpret_cast<InitialStack*>(program_frame(stack_top)) - 1;
    *stack = {.x19 = reinterpret_cast<u64>(entry), .x20 = reinterpret_cast<u64>(argument), .return_address = reinterpret_cast<u64>(start_context)};
    context.stack_pointer = reinterpret_cast<u64>(stack);
}

void enter_program(TrapFrame* frame) { enter_program_frame(frame); }

void prepare_program_frame(TrapFrame& frame, VirtAddr entry, VirtAddr stack_pointer) {
    frame = {};
    frame.origin = ~u64{0};
    frame.pc = entry.value;
    frame.sp = stack_pointer.value;
    frame.pstate = mode() == abi::Mode::guarded ? 0 : level_1_program_stack;
}

/// The kernel's stack pointer stays at the program's frame while the program runs: traps find it without a look.
void set_program_thread(void*, void* owner, const std::atomic<bool>& attention) {
    auto& cpu = local();
    cpu.owner = owner;
    cpu.thread_attention = &attention;
}

}  // namespace spore::arch
