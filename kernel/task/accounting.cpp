// Whose code a CPU's time went to. How long a thread ran is exact: every switch measures it. Which part of that was the kernel's is sampled, as Linux's tick
// accounting does [linux kernel/sched/cputime.c], because to read the clock twice around each system call would cost more than most calls do.
//
// While a program's thread runs, a timer looks a hundred times a second. The kernel takes no interrupts, so a tick that comes due in it is seen late: when the
// program continues, before its next instruction (arch::came_due_in_kernel), or when the thread waits, and the switch finds the tick overdue. No other
// path pays. A CPU without programs to run has no tick.
#include "arch/registers.hpp"
#include "kernel/sync/count.hpp"
#include "kernel/task/scheduler.hpp"

namespace spore::task {

namespace {
/// About the unit in which programs are told of processor time, CLK_TCK. Not always the same, or it would beat with what programs do regularly.
constexpr u64 shortest = 8'000'000, variation = (1 << 22) - 1;
}  // namespace

void Scheduler::start_tick(Cpu& cpu, u64 now) {
    cpu.tick_variation = cpu.tick_variation * 1'664'525 + 1'013'904'223;  // [Knuth, TAOCP 2 3.3.4]
    cpu.next_tick = now + shortest + (cpu.tick_variation >> 10 & variation);
    cpu.tick.arm(Instant{cpu.next_tick});
}

/// A switch found the tick overdue: the thread that waits now, or a kernel thread, spent it. The timer comes yet, and counts nothing.
void Scheduler::tick_overdue(Cpu& cpu, Thread& previous) {
    cpu.next_tick = ~u64{0};
    if (&previous == &cpu.idle) return;
    sync::count(cpu.ticks.system);
    sync::count(previous.ticks_.system);
}

void Scheduler::tick_came(time::Timer&) {
    Cpu& cpu = here();
    Thread& thread = *cpu.current;
    bool counted = cpu.next_tick == ~u64{0};
    if (!thread.owner_) return;  // it idles; or a switch counts, and the next program's starts the tick again
    if (!counted) {
        bool kernels = arch::came_due_in_kernel(thread.program_frame());
        sync::count(kernels ? cpu.ticks.system : cpu.ticks.user);
        sync::count(kernels ? thread.ticks_.system : thread.ticks_.user);
    }
    start_tick(cpu, arch::monotonic_nanoseconds());
}

ProcessorTime split(Duration all, const Ticks& ticks) {
    u64 user = ticks.user.load(std::memory_order_relaxed), system = ticks.system.load(std::memory_order_relaxed);
    auto nanoseconds = static_cast<u64>(all.nanoseconds);
    // Without a sample it was the program's. Divided first, so that nothing overflows.
    u64 seen = user + system;
    u64 kernels = seen ? nanoseconds / seen * system + nanoseconds % seen * system / seen : 0;
    return {Duration::ns(static_cast<i64>(nanoseconds - kernels)), Duration::ns(static_cast<i64>(kernels))};
}

ProcessorTime Thread::processor_time() {
    auto ran = run_time();
    auto now = split(ran, ticks_);
    Guard guard(reported_lock_);
    auto& told = reported_;
    if (ran <= told.user + told.system) return told;
    // Neither goes back, though the proportion changes [linux cputime_adjust].
    if (now.system < told.system) now = {ran - told.system, told.system};
    if (now.user < told.user) now = {told.user, ran - told.user};
    return told = now;
}

ProcessorTime busy_time(u32 cpu, Duration all) { return split(all, Scheduler::of(cpu).ticks); }

}  // namespace spore::task
