// The switch: who runs next on this CPU, and how the CPU gets from one thread to the other.
#include "kernel/task/scheduler.hpp"

#include "kernel/core/panic.hpp"
#include "kernel/core/trace.hpp"
#include "kernel/sync/count.hpp"

namespace spore::task {

/// Not in an anonymous namespace, where the linker's optimiser could not use it from other files: current() is everywhere.
PER_CPU(Scheduler::Cpu, cpus);

namespace {
[[gnu::cold, gnu::noinline]] void record_switch(const Thread& from, const Thread& to) {
    using enum abi::TraceLeft;
    auto state = from.state();
    auto left = state == State::ended ? ended : state == State::blocked ? asleep : ready;
    core::record_switch(from.number(), to.number(), left);
}

/// In place here, where each switch asks; elsewhere a call is as good.
[[gnu::always_inline]] inline u64 nanoseconds_now() {
    u64 now = 0;
    [[clang::always_inline]] now = arch::monotonic_nanoseconds();
    return now;
}
}  // namespace

constinit std::atomic<CpuSet> online = 0;
constinit std::atomic<CpuSet> idle_cpus = 0;

Scheduler::Cpu& Scheduler::here() { return *cpus; }
Scheduler::Cpu& Scheduler::of(u32 cpu) { return cpus.of(cpu); }

Thread& current() { return *cpus->current; }

[[gnu::always_inline]] void before_return_to_program() {
    // More than once: after a switch away and back it is another slice, and maybe another CPU.
    while (arch::attention().load(std::memory_order_relaxed)) [[unlikely]] Scheduler::attend(*cpus);
}

/// Blocks the thread that runs, unless a wake-up came since it announced that.
[[gnu::always_inline]] void Scheduler::sleep(Thread& self) {
    State expected = State::preparing;
    if (!self.state_.compare_exchange_strong(expected, State::blocked, std::memory_order_acq_rel)) return;
    Cpu& cpu = *cpus;
    ASSERT(&self != &cpu.idle);
    sync::count(self.voluntary_switches_);
    schedule(cpu);
}

/// Gives the CPU to the next thread; the running one has been put where it belongs. Returns when that one runs again.
void Scheduler::schedule(Cpu& cpu) {
    Thread* next = take(cpu);
    if (!next) next = &cpu.idle;
    if (next == cpu.current) {  // woken, or nobody else, before the switch
        next->state_.store(State::running, std::memory_order_relaxed);
        return;
    }
    switch_to(cpu, *next);
}

Thread* Scheduler::take_first(Cpu& cpu, u32 id, Thread*& misplaced) {
    for (ThreadQueue* queue : {&cpu.urgent, &cpu.ready}) {
        for (Thread& thread : *queue) {
            bool allowed = thread.affinity() & cpu_bit(id);
            // One that was sent away can leave only when this CPU has left its stack: the idle loop's turn.
            if (!allowed && thread.on_cpu_.load(std::memory_order_relaxed)) continue;
            queue->remove(thread);
            cpu.waiting.store(cpu.waiting.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
            if (allowed) return &thread;
            misplaced = &thread;
            return nullptr;
        }
    }
    return nullptr;
}

/// The thread to run next on this CPU, or null. Passes on those that may no longer run here.
Thread* Scheduler::take(Cpu& cpu) {
    if (cpu.waiting.load(std::memory_order_relaxed) == 0) return nullptr;
    for (;;) {
        Thread* misplaced = nullptr;
        Thread* thread;
        {
            Guard guard(cpu.lock);
            thread = take_first(cpu, arch::cpu_id(), misplaced);
        }
        if (!misplaced) return thread;
        enqueue(*misplaced, choose_cpu(*misplaced));
    }
}

void Scheduler::switch_to(Cpu& cpu, Thread& next) {
    Thread& previous = *cpu.current;
    u32 id = arch::cpu_id();
    u64 now = nanoseconds_now();
    end_run(previous, now);
    begin_run(next, now);
    sync::count(cpu.switches);
    if (now >= cpu.next_tick) [[unlikely]] tick_overdue(cpu, previous);
    if (previous.program_state_ && previous.state() != State::ended) arch::save_program_state(*previous.program_state_);

    next.state_.store(State::running, std::memory_order_relaxed);
    next.on_cpu_.store(true, std::memory_order_relaxed);
    // A full barrier: interrupt() sets its flag, then reads cpu_; we set cpu_, and read the flag before program code continues.
    if (next.cpu_.load(std::memory_order_relaxed) != id) next.cpu_.exchange(id, std::memory_order_seq_cst);
    cpu.current = &next;
    cpu.previous = &previous;
    cpu.slice_end = Instant{now + next.slice_nanoseconds_.load(std::memory_order_relaxed)};
    if (cpu.waiting.load(std::memory_order_relaxed) != 0 && !cpu.slice_armed.load(std::memory_order_relaxed))
        arch::attention().store(true, std::memory_order_relaxed);

    if (next.owner_) {
        if (!cpu.tick.armed()) [[unlikely]] start_tick(cpu, now);
        u64 space = next.owner_->space_number();
        if (space == 0 || space != cpu.space) {
            next.owner_->activate();
            cpu.space = space;
        }
        if (next.owner_->notices_switches()) next.owner_->switched_to();
        arch::set_program_thread(next.stack_top_, next.owner_, next.owner_->attention());
        if (cpu.registers != &next || next.state_cpu_ != id) load_registers(cpu, next);
    }
    if (core::traces(core::TracePoint::switch_thread)) [[unlikely]] record_switch(previous, next);
    arch::switch_context(previous.context_, next.context_);
    finish_switch();  // from here on it may be another CPU
}

void Scheduler::load_registers(Cpu& cpu, Thread& thread) {
    arch::restore_program_state(*thread.program_state_);
    cpu.registers = &thread;
    thread.state_cpu_ = arch::cpu_id();
}

/// First thing on the next thread's stack: the one before has left its own, and others may have it.
void Scheduler::finish_switch() {
    Cpu& cpu = *cpus;
    Thread& previous = *cpu.previous;
    if (previous.state() == State::ended) [[unlikely]] {
        reap_later(previous);
        return;
    }
    previous.on_cpu_.store(false, std::memory_order_release);  // pairs with enqueue() and steal()
}

/// Where every thread begins.
void Scheduler::run_thread(void* thread) {
    finish_switch();
    auto& self = *static_cast<Thread*>(thread);
    self.entry_(self.argument_);
    end();
}

/// The way back to program code, when something was noted since: takes the CPU away from a thread whose turn is over.
void Scheduler::attend(Cpu& cpu) {
    arch::attention().exchange(false, std::memory_order_seq_cst);  // before the looks below, so that a later note is not lost
    if (cpu.deferred) work_between_programs(cpu);
    Thread& self = *cpu.current;
    bool displaced = !(self.affinity_.load(std::memory_order_seq_cst) & cpu_bit(arch::cpu_id()));
    bool over = displaced;
    {
        Guard guard(cpu.lock);
        if (!displaced && cpu.waiting.load(std::memory_order_relaxed) == 0) return;
        if (!over) over = !cpu.urgent.empty() || Instant{nanoseconds_now()} >= cpu.slice_end;
        if (over) {
            self.state_.store(State::runnable, std::memory_order_relaxed);
            push(cpu, self, false);
        }
    }
    if (over) {
        sync::count(self.involuntary_switches_);
        schedule(cpu);
        return;
    }
    if (cpu.slice_armed.load(std::memory_order_relaxed)) return;
    cpu.slice_armed.store(true, std::memory_order_relaxed);
    cpu.slice.arm(cpu.slice_end);
}

/// The slice timer, on the CPU that armed it. It may have been armed for a thread that ran before: attend() looks.
void Scheduler::slice_over(time::Timer&) {
    Cpu& cpu = *cpus;
    cpu.slice_armed.store(false, std::memory_order_relaxed);
    arch::attention().store(true, std::memory_order_relaxed);
}

void Scheduler::yield() {
    Cpu& cpu = *cpus;
    if (cpu.waiting.load(std::memory_order_relaxed) == 0) return;
    Thread& self = *cpu.current;
    {
        Guard guard(cpu.lock);
        self.state_.store(State::runnable, std::memory_order_relaxed);
        push(cpu, self, false);
    }
    sync::count(self.voluntary_switches_);
    schedule(cpu);
}

void yield() { Scheduler::yield(); }

}  // namespace spore::task
