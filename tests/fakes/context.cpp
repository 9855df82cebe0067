// Stacks and switching between them, on an x86-64 host under AddressSanitizer.
#include "arch/context.hpp"

#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <map>

#include "arch/cpu.hpp"
#include "arch/entry.hpp"
#include "tests/fakes/cpu.hpp"
#include "tests/fakes/simulation.hpp"

#if defined(__has_feature) && __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace spore::fakes {
namespace {
constexpr std::size_t stack_size = 256_KiB;
// Bottom of each stack that allocate_fake_stack() made, by its top.
std::map<u64, u64>& stacks() {
    static std::map<u64, u64> all;
    return all;
}
StateTraffic traffic = {};
u64 registers[arch::max_cpus] = {};

[[maybe_unused]] const void* host_stack = nullptr;  // of the host thread that runs the simulation; AddressSanitizer is told
[[maybe_unused]] std::size_t host_stack_size = 0;
}  // namespace

void* allocate_fake_stack() {
    void* bottom = ::mmap(nullptr, stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (bottom == MAP_FAILED) return nullptr;
    u64 start = reinterpret_cast<u64>(bottom);
    ::mprotect(bottom, page_size, PROT_NONE);
    stacks()[start + stack_size] = start;
    return reinterpret_cast<void*>(start + stack_size);
}

namespace {
/// The stack to really run on, for one of the kernel's: that is too small for code with sanitizers, so its address only names it.
void* roomy_stack(void* top) {
    static std::map<u64, void*> all;
    void*& roomy = all[align_up(reinterpret_cast<u64>(top), page_size)];
    if (!roomy) roomy = allocate_fake_stack();
    return roomy;
}
}  // namespace

u64& program_register() { return registers[current_cpu_number()]; }
StateTraffic state_traffic() { return traffic; }
}  // namespace spore::fakes

// What a switch saves: the callee-saved registers of the psABI, then the stack pointer.
asm(R"(
.text
.globl spore_fake_switch
.type spore_fake_switch, @function
spore_fake_switch:
    push %rbp
    push %rbx
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, (%rdi)
    mov (%rsi), %rsp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbx
    pop %rbp
    ret
.type spore_fake_begin, @function
spore_fake_begin:
    mov %rbx, %rdi
    mov %r12, %rsi
    call spore_fake_enter
    ud2
.size spore_fake_begin, . - spore_fake_begin
)");

extern "C" void spore_fake_switch(void* from, const void* to);
extern "C" void spore_fake_begin();
extern "C" [[gnu::used]] void spore_fake_enter(void (*entry)(void*), void* argument) {
#ifdef SANITIZER_COMMON_INTERFACE_DEFS_H
    const void* bottom;
    std::size_t size;
    __sanitizer_finish_switch_fiber(nullptr, &bottom, &size);
    if (!spore::fakes::host_stack) spore::fakes::host_stack = bottom, spore::fakes::host_stack_size = size;
#endif
    entry(argument);
    std::abort();
}

namespace spore::arch {
using namespace fakes;

[[clang::no_sanitize("address")]] void prepare_context(KernelContext& context, void* stack_top, void (*entry)(void*), void* argument) {
    auto* top = static_cast<u64*>(roomy_stack(stack_top));
#ifdef SANITIZER_COMMON_INTERFACE_DEFS_H
    // Frames of the thread that had this stack before left their marks.
    auto stack = stacks().lower_bound(reinterpret_cast<u64>(top));
    u64 bottom = stack->second + page_size;
    __asan_unpoison_memory_region(reinterpret_cast<void*>(bottom), stack->first - bottom);
#endif
    for (int i = 0; i < 2; ++i) *--top = 0;      // the stack is 16-aligned where spore_fake_begin calls [System V ABI 3.2.2]
    *--top = reinterpret_cast<u64>(&spore_fake_begin);
    *--top = 0;                                  // rbp
    *--top = reinterpret_cast<u64>(entry);       // rbx
    *--top = reinterpret_cast<u64>(argument);    // r12
    for (int i = 0; i < 3; ++i) *--top = 0;      // r13 … r15
    context.stack_pointer = reinterpret_cast<u64>(top);
}

extern "C" void switch_context(KernelContext& from, const KernelContext& to) {
#ifdef SANITIZER_COMMON_INTERFACE_DEFS_H
    auto stack = stacks().upper_bound(to.stack_pointer);
    bool known = stack != stacks().end() && to.stack_pointer >= stack->second;
    void* fake_frames = nullptr;
    __sanitizer_start_switch_fiber(&fake_frames, known ? reinterpret_cast<void*>(stack->second) : host_stack,
                                   known ? stack_size : host_stack_size);
#endif
    spore_fake_switch(&from.stack_pointer, &to.stack_pointer);
#ifdef SANITIZER_COMMON_INTERFACE_DEFS_H
    __sanitizer_finish_switch_fiber(fake_frames, nullptr, nullptr);
#endif
}

void set_program_thread(void*, void*, const std::atomic<bool>&) {}

struct ProgramState {
    u64 value;
};
ProgramState* create_program_state() { return new ProgramState{0}; }
ProgramState* clone_program_state(const ProgramState& from) { return new ProgramState(from); }
void destroy_program_state(ProgramState* state) { delete state; }
void save_program_state(ProgramState& state) {
    ++traffic.saved;
    state.value = program_register();
    interleave();
}
void restore_program_state(const ProgramState& state) {
    ++traffic.restored;
    program_register() = state.value;
    interleave();
}
}  // namespace spore::arch

namespace spore::entry {
// A frame of the tests holds all registers already.
extern "C" i64 system_call_with_all_registers(void* owner, arch::TrapFrame& frame) { return any_system_call(owner, frame); }
}  // namespace spore::entry
