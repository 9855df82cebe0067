// From the host's picture of an interrupted computation [linux arch/x86/include/uapi/asm/sigcontext.h] to a TrapFrame.
#include "signals.hpp"

#include <ucontext.h>

#include <algorithm>
#include <initializer_list>

#include "../../isa/x86_64/cpu/features.hpp"
#include "../../isa/x86_64/trap/exceptions.hpp"
#include "../../isa/x86_64/trap/fault.hpp"
#include "../cpu/local.hpp"
#include "../mmu/host_map.hpp"
#include "arch/boot.hpp"
#include "kernel/core/panic.hpp"
#include "interrupts.hpp"
#include "machine_cpu.hpp"
#include "rewrite.hpp"
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
constexpr u64 clear_flags = 0x2;  // the one that is always set

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

/// The program's registers are in their frame. When the handler returns, the CPU looks at its news and leaves for the program.
void return_to_leave(ucontext_t& context) {
    auto& g = context.uc_mcontext.gregs;
    g[REG_RIP] = static_cast<i64>(address(leave_to_program));
    g[REG_RSP] = static_cast<i64>(reinterpret_cast<u64>(local().program_frame));
    g[REG_EFL] = clear_flags;
}

void interrupt_kernel(ucontext_t& context) {
    auto& rip = context.uc_mcontext.gregs[REG_RIP];
    auto at = static_cast<u64>(rip);
    if (is_leaving(at, static_cast<u64>(context.uc_mcontext.gregs[REG_RSP]))) return return_to_leave(context);
    // On the way out of a system call: once more, with a look at the news.
    if (within(at, leave_system_call, leave_system_call_end)) rip = static_cast<i64>(address(leave_system_call));
    // About to sleep: not any more.
    if (at >= address(host_call_unless_look) && at < address(host_call_unless_made)) rip = static_cast<i64>(address(host_call_unless_end));
}

/// For arch::came_due_in_kernel: an interrupt finds the program running, unless no instruction was executed since the kernel returned there. What else
/// comes enters the kernel, which may then be what runs when the clock ticks.
void note_progress(TrapFrame& frame, u64 rip, int signal) {
    if (!is_interrupt(signal)) frame.ran_to = ~u64{0};
    else if (frame.rip != rip) frame.ran_to = rip;
}

/// The handler returns to the host, which lets interrupts through again: so at most one lies on the signal stack, however many come.
void interrupt(int signal, ucontext_t& context) {
    auto& cpu = local();
    cpu.news.fetch_or(news_of(signal), std::memory_order_relaxed);  // this CPU's own signal: no other memory depends on it
    auto rip = static_cast<u64>(context.uc_mcontext.gregs[REG_RIP]);
    if (!in_program(rip)) return interrupt_kernel(context);
    note_progress(*cpu.program_frame, rip, signal);
    fill(*cpu.program_frame, context);
    cpu.program_frame->vector = vector::interrupt;
    return_to_leave(context);
}

/// For the CPU, which is another process by now.
void forward(int signal) {
    auto& cpu = local();
    cpu.news.fetch_or(news_of(signal), std::memory_order_relaxed);
    if (signal == device_signal) redirect_descriptors();
    host::call(SYS_kill, cpu.processes.number(), kick_signal);
}

/// Where the host's clock cannot be read without its kernel, the vDSO calls that itself, which the filter does not let through.
TrapFrame* call_for_vdso(ucontext_t& context) {
    auto& g = context.uc_mcontext.gregs;
    g[REG_RAX] = host::call(g[REG_RAX], g[REG_RDI], g[REG_RSI], g[REG_RDX], g[REG_R10], g[REG_R8], g[REG_R9]);
    return nullptr;
}

/// A CPU's process ends only by what nobody planned: the host ran out of memory, somebody killed it, a signal found no room on its stack.
[[noreturn]] void report_end(const siginfo_t& info) {
    auto is_of = [&](u32 cpu) {
        auto& processes = cpu_local(cpu).processes;
        return std::any_of(processes.list, processes.list + processes.residents.count(), [&](auto& process) { return process.number == info.si_pid; });
    };
    u32 cpu = 0;
    while (cpu < cpu_count() && !is_of(cpu)) ++cpu;
    if (is_waiting()) host::call(SYS_kill, local().processes.number(), SIGSTOP);  // it would go on while this one panics in its place
    core::panic("the process of CPU {} has ended ({} {})", cpu, info.si_code == CLD_EXITED ? "status" : "signal", info.si_status);
}

}  // namespace

extern "C" [[gnu::used]] TrapFrame* machine_signal(int signal, siginfo_t* info, ucontext_t* context) {
    if (is_interrupt(signal)) return is_waiting() ? forward(signal) : interrupt(signal, *context), nullptr;
    if (signal == SIGCHLD) report_end(*info);
    auto& g = context->uc_mcontext.gregs;
    if (u64 origin = moved_from(static_cast<u64>(g[REG_RIP]))) g[REG_RIP] = static_cast<i64>(origin);  // mend_return leads back
    auto rip = static_cast<u64>(g[REG_RIP]), touched = static_cast<u64>(g[REG_CR2]);
    if (signal == SIGSYS && !in_program(rip)) return call_for_vdso(*context);
    if (signal == SIGBUS) core::panic("the host has no memory left for ours (address {:x})", reinterpret_cast<u64>(info->si_addr));
    // Comes between the lines of this very function too, so it must leave no trace.
    if (signal == SIGSEGV && touch_kernel_half(touched)) return nullptr;
    auto& cpu = local();
    auto* frame = in_program(rip) ? cpu.program_frame : kernel_frame(static_cast<u64>(g[REG_RSP]));
    if (in_program(rip)) note_progress(*frame, rip, signal);
    fill(*frame, *context);
    cpu.fault_address = touched;
    if (signal == SIGSYS) {
        frame->vector = call_size;
        frame->origin = static_cast<u32>(info->si_syscall);  // also of call -1, which is one
    }
    restore_vectors(*context);
    if (!in_program(rip) && is_stack_guard(touched) && frame->vector == vector::page) die(*frame, "kernel stack overflow");
    return frame;
}

void catch_signals() {
    auto catch_with = [](std::initializer_list<int> signals, u64 flags, u64 mask) {
        Action action{signal_entry, SA_SIGINFO | SA_ONSTACK | flag_restorer | flags, signal_return, mask};
        for (int signal : signals) host::call(SYS_rt_sigaction, signal, &action, nullptr, sizeof action.mask);
    };
    auto bit = [](int signal) { return u64{1} << (signal - 1); };
    catch_with({SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS}, SA_NODEFER, 0);
    catch_with({timer_signal, kick_signal, device_signal}, 0, bit(timer_signal) | bit(kick_signal) | bit(device_signal));
    catch_with({SIGCHLD}, SA_NOCLDSTOP, 0);
}

void use_signal_stack(void* stack, std::size_t size) {
    stack_t alternate{.ss_sp = stack, .ss_flags = 0, .ss_size = size};
    host::call(SYS_sigaltstack, &alternate, nullptr);
}

}  // namespace spore::arch
