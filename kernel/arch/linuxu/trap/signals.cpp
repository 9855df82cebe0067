// From the host's picture of an interrupted computation [linux arch/x86/include/uapi/asm/sigcontext.h] to a TrapFrame.
#include "signals.hpp"

#include <ucontext.h>

#include "../../isa/x86_64/cpu/features.hpp"
#include "../../isa/x86_64/trap/exceptions.hpp"
#include "../../isa/x86_64/trap/fault.hpp"
#include "../cpu/local.hpp"
#include "../mmu/host_map.hpp"
#include "arch/boot.hpp"
#include "kernel/core/panic.hpp"
#include "machine_cpu.hpp"
#include "vectors.hpp"

extern "C" {
void signal_entry();
void signal_return();
extern char leave_to_program[], leave_to_program_end[], leave_system_call[], leave_system_call_end[];
extern char host_call_unless_look[], host_call_unless_made[], host_call_unless_end[];
extern char text_start[], text_end[];
}

namespace spore::arch {
namespace {

/// What rt_sigaction takes, which is not what the C library does.
struct Action {
    void (*handler)();
    u64 flags;
    void (*restorer)();
    u64 mask;
};
constexpr u64 call_size = 2;  // 0f 05
constexpr u64 flag_restorer = 0x0400'0000;

u64 address(const char* symbol) { return reinterpret_cast<u64>(symbol); }
bool within(u64 at, const char* start, const char* end) { return at >= address(start) && at < address(end); }

void restore_vectors(const ucontext_t& context) {
    auto* area = context.uc_mcontext.fpregs;
    if (features.xsave) asm volatile("xrstor64 (%0)" : : "r"(area), "a"(~0u), "d"(~0u) : "memory");
    else asm volatile("fxrstor64 (%0)" : : "r"(area) : "memory");
}

void fill(TrapFrame& frame, const ucontext_t& context) {
    auto& g = context.uc_mcontext.gregs;
    auto get = [&](int index) { return static_cast<u64>(g[index]); };
    frame.r15 = get(REG_R15), frame.r14 = get(REG_R14), frame.r13 = get(REG_R13), frame.r12 = get(REG_R12);
    frame.rbp = get(REG_RBP), frame.rbx = get(REG_RBX), frame.r11 = get(REG_R11), frame.r10 = get(REG_R10);
    frame.r9 = get(REG_R9), frame.r8 = get(REG_R8), frame.rax = get(REG_RAX), frame.rcx = get(REG_RCX);
    frame.rdx = get(REG_RDX), frame.rsi = get(REG_RSI), frame.rdi = get(REG_RDI);
    frame.rip = get(REG_RIP), frame.rsp = get(REG_RSP), frame.rflags = get(REG_EFL);
    frame.cs = program_selectors().code, frame.ss = program_selectors().stack;
    frame.error = get(REG_ERR);
    frame.vector = get(REG_TRAPNO);
    frame.origin = ~u64{0};
}

u32 news_of(int signal) {
    switch (signal) {
    case timer_signal: return news::timer;
    case device_signal: return news::device;
    case kick_signal: return 0;  // who sent it has noted what for
    default: return 0;
    }
}

bool is_interrupt(int signal) { return signal == timer_signal || signal == device_signal || signal == kick_signal; }

/// Program code, or anything else that is not the kernel's: the host's vDSO lies above program_end too, and is called by the kernel only.
bool in_program(u64 rip) { return rip < program_end || rip >= u64{1} << 63; }

/// Leaving the kernel, with the program's frame complete.
bool is_leaving(u64 rip, u64 rsp) {
    auto frame = reinterpret_cast<u64>(local().program_frame);
    return within(rip, leave_to_program, leave_to_program_end) && rsp >= frame && rsp < frame + sizeof(TrapFrame);
}

/// Below what the interrupted kernel code has on its stack; it uses no red zone.
TrapFrame* kernel_frame(u64 rsp) { return reinterpret_cast<TrapFrame*>(align_down(rsp - sizeof(TrapFrame), 16)); }

TrapFrame* interrupt_kernel(ucontext_t& context) {
    auto& rip = context.uc_mcontext.gregs[REG_RIP];
    auto at = static_cast<u64>(rip);
    if (is_leaving(at, static_cast<u64>(context.uc_mcontext.gregs[REG_RSP]))) {
        restore_vectors(context);
        local().program_frame->vector = vector::interrupt;
        return local().program_frame;
    }
    // On the way out of a system call: once more, with a look at the news.
    if (within(at, leave_system_call, leave_system_call_end)) rip = static_cast<i64>(address(leave_system_call));
    // About to sleep: not any more.
    if (at >= address(host_call_unless_look) && at < address(host_call_unless_made)) rip = static_cast<i64>(address(host_call_unless_end));
    return nullptr;
}

/// Where the host's clock cannot be read without its kernel, the vDSO calls that itself, which the filter does not let through.
TrapFrame* call_for_vdso(ucontext_t& context) {
    auto& g = context.uc_mcontext.gregs;
    g[REG_RAX] = host::call(g[REG_RAX], g[REG_RDI], g[REG_RSI], g[REG_RDX], g[REG_R10], g[REG_R8], g[REG_R9]);
    return nullptr;
}

/// For arch::came_due_in_kernel: an interrupt finds the program running, unless no instruction was executed since the kernel returned there. What else
/// comes enters the kernel, which may then be what runs when the clock ticks.
void note_progress(TrapFrame& frame, u64 rip, int signal) {
    if (!is_interrupt(signal)) frame.ran_to = ~u64{0};
    else if (frame.rip != rip) frame.ran_to = rip;
}

}  // namespace

extern "C" [[gnu::used]] TrapFrame* machine_signal(int signal, siginfo_t* info, ucontext_t* context) {
    auto& g = context->uc_mcontext.gregs;
    auto rip = static_cast<u64>(g[REG_RIP]);
    auto& cpu = local();
    if (is_interrupt(signal)) {
        cpu.news.fetch_or(news_of(signal), std::memory_order_relaxed);  // this CPU's own signal: no other memory depends on it
        if (!in_program(rip)) return interrupt_kernel(*context);
    } else if (signal == SIGSYS && !in_program(rip)) {
        return call_for_vdso(*context);
    } else {
        cpu.fault_address = static_cast<u64>(g[REG_CR2]);
        if (signal == SIGBUS) core::panic("the host has no memory left for ours (address {:x})", reinterpret_cast<u64>(info->si_addr));
        if (signal == SIGSEGV && touch_kernel_half(cpu.fault_address)) return nullptr;
    }
    auto* frame = in_program(rip) ? cpu.program_frame : kernel_frame(static_cast<u64>(g[REG_RSP]));
    if (in_program(rip)) note_progress(*frame, rip, signal);
    fill(*frame, *context);
    if (is_interrupt(signal)) frame->vector = vector::interrupt;
    if (signal == SIGSYS) {
        frame->vector = call_size;
        frame->origin = static_cast<u64>(info->si_syscall);
    }
    restore_vectors(*context);
    if (!in_program(rip) && is_stack_guard(cpu.fault_address) && frame->vector == vector::page) die(*frame, "kernel stack overflow");
    return frame;
}

void catch_signals() {
    Action action{signal_entry, SA_SIGINFO | SA_ONSTACK | SA_NODEFER | flag_restorer, signal_return, 0};
    for (int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS, timer_signal, kick_signal, device_signal})
        host::call(SYS_rt_sigaction, signal, &action, nullptr, 8);
}

void use_signal_stack(void* stack, std::size_t size) {
    stack_t alternate{.ss_sp = stack, .ss_flags = 0, .ss_size = size};
    host::call(SYS_sigaltstack, &alternate, nullptr);
}

}  // namespace spore::arch
