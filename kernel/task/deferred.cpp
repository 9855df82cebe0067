// Work that interrupts leave behind, done where no lock is held: on the way back to a program, and by idle CPUs.
#include "kernel/task/scheduler.hpp"

namespace spore::task {

namespace {
constinit DeferredWork deferred_work = nullptr;  // constant after boot
/// How long programs go on before work that exceeded its budget is taken up again.
constexpr Duration program_turn = Duration::us(200);
}  // namespace

void set_deferred_work(DeferredWork work) { deferred_work = work; }

void request_deferred_work() {
    if (!deferred_work) return;  // who has no scheduler runs the jobs
    auto& cpu = Scheduler::here();
    cpu.deferred = true;
    arch::attention().store(true, std::memory_order_relaxed);
}

[[gnu::always_inline]] void Scheduler::work_between_programs(Cpu& cpu) {
    cpu.deferred = deferred_work(Occasion::turn);
    if (cpu.deferred) cpu.deferred_again.arm(time::now() + program_turn);
}

void Scheduler::more_deferred(time::Timer&) { arch::attention().store(true, std::memory_order_relaxed); }

/// True when there was something: threads may have been woken.
bool Scheduler::work_while_idle(Cpu& cpu) {
    if (!deferred_work) return false;
    if (!cpu.deferred && !deferred_work(Occasion::before_sleep)) return false;
    cpu.deferred = deferred_work(Occasion::idle_turn);
    return true;
}

}  // namespace spore::task
