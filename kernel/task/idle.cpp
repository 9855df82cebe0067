// A CPU without work, and how CPUs join the scheduler.
#include "kernel/core/panic.hpp"
#include "kernel/core/trace.hpp"
#include "kernel/memory/kernel_stack.hpp"
#include "kernel/task/interrupt_counts.hpp"
#include "kernel/task/scheduler.hpp"

#include <new>

namespace spore::task {

namespace {
/// Of CPU 0's boot code; its stack is the machine's and stays.
alignas(Thread) constinit std::byte boot_thread_place[sizeof(Thread)] = {};

void sleep_here() {
    core::trace(core::TracePoint::idle_begin);
    arch::wait_for_interrupt();
    core::trace(core::TracePoint::idle_end);
}
}  // namespace

void Scheduler::idle_loop() {
    u32 id = arch::cpu_id();
    Cpu& cpu = here();
    for (;;) {
        schedule(cpu);
        if (work_while_idle(cpu)) continue;
        if (Thread* stolen = steal(id)) {
            switch_to(cpu, *stolen);
            continue;
        }
        idle_cpus.fetch_or(cpu_bit(id), std::memory_order_seq_cst);  // pairs with the fence in enqueue()
        std::atomic_thread_fence(std::memory_order_seq_cst);
        if (cpu.waiting.load(std::memory_order_relaxed) == 0 && !stealable(id)) sleep_here();
        else arch::relax();
        idle_cpus.fetch_and(~cpu_bit(id), std::memory_order_relaxed);
    }
}

void Scheduler::run_idle(void*) {
    finish_switch();
    idle_loop();
}

void Scheduler::become_boot_thread() {
    Cpu& cpu = here();
    auto& boot = *new (boot_thread_place) Thread;
    boot.name_ = "boot";
    boot.take_kernel_number();
    boot.state_.store(State::running, std::memory_order_relaxed);
    boot.on_cpu_.store(true, std::memory_order_relaxed);
    boot.set_nice(0);
    cpu.current = &boot;
    core::set_trace_subject([] {
        const Thread* self = here().current;  // null where a CPU comes up
        return self ? self->number() : 0;
    });
    begin_run(boot, arch::monotonic_nanoseconds());

    cpu.idle.name_ = "idle";
    cpu.idle.stack_top_ = MUST(memory::allocate_kernel_stack(), "boot has memory for more than a program's first thread");
    arch::prepare_context(cpu.idle.context_, cpu.idle.stack_top_, run_idle, nullptr);
    online.fetch_or(cpu_bit(0), std::memory_order_release);
    start_reaper();
}

void Scheduler::become_idle() {
    // The per-CPU area may be a copy of one in use.
    Cpu& cpu = *new (&here()) Cpu;
    u32 id = arch::cpu_id();
    time::start_cpu();
    cpu.idle.name_ = "idle";
    cpu.idle.state_.store(State::running, std::memory_order_relaxed);
    cpu.idle.on_cpu_.store(true, std::memory_order_relaxed);
    cpu.idle.cpu_.store(id, std::memory_order_relaxed);
    cpu.current = &cpu.idle;
    begin_run(cpu.idle, arch::monotonic_nanoseconds());
    online.fetch_or(cpu_bit(id), std::memory_order_seq_cst);
    idle_loop();
}

void adopt_boot_thread() { Scheduler::become_boot_thread(); }
void run_idle_loop() { Scheduler::become_idle(); }

CpuSet online_cpus() { return online.load(std::memory_order_acquire); }
Duration idle_time(u32 cpu) { return Scheduler::of(cpu).idle.run_time(); }

u32 runnable_threads() {
    u32 count = 0;
    for (u32 cpu = 0; cpu < arch::max_cpus; ++cpu) {
        if (!(online_cpus() & cpu_bit(cpu))) continue;
        auto& it = Scheduler::of(cpu);
        count += it.waiting.load(std::memory_order_relaxed) + (it.idle.state() != State::running);
    }
    return count;
}

InterruptCounts interrupt_counts(u32 cpu) {
    auto& it = Scheduler::of(cpu);
    return {it.timer_interrupts.load(std::memory_order_relaxed), it.kicks.load(std::memory_order_relaxed)};
}

u64 context_switches() {
    u64 count = 0;
    for (u32 cpu = 0; cpu < arch::max_cpus; ++cpu)
        if (online_cpus() & cpu_bit(cpu)) count += Scheduler::of(cpu).switches.load(std::memory_order_relaxed);
    return count;
}

}  // namespace spore::task
