// The scheduler's own: what each CPU has, and the steps that thread.hpp's functions are made of.
//
// A thread's way: created -(start)-> runnable, in one CPU's queue -> running, in none -> preparing -> blocked -(wake)-> runnable. Changes from
// `blocked` and `preparing` are compare-and-swaps, so of many wakers one wins. A CPU's queues are guarded by its lock; all else in Cpu is the CPU's own.
// Nothing here sleeps. Lock order: a wait queue's, timer queue's or futex bucket's lock, then a Cpu's; never two Cpus' at once.
//
// While a thread's stack is still in use (on_cpu_) it is only ever put into the queue of the CPU that uses it, which cannot take it
// out before it has left that stack. So a waker never waits for a switch to end.
#pragma once

#include "kernel/core/per_cpu.hpp"
#include "kernel/sync/spin.hpp"
#include "kernel/task/thread.hpp"
#include "kernel/time/timer.hpp"

namespace spore::task {

using ThreadQueue = List<Thread, &Thread::queue_link>;

class Scheduler {
public:
    struct Cpu {
        constexpr Cpu() = default;

        Thread* current = nullptr;
        Thread* previous = nullptr;         ///< whom this CPU switches from, for finish_switch()
        const Thread* registers = nullptr;  ///< whose program state was loaded last
        u64 space = 0;                      ///< ThreadOwner::space_number() of what was activated last
        Instant slice_end{};
        std::atomic<u64> switches = 0, timer_interrupts = 0, kicks = 0;
        /// The slice timer will set arch::attention(). Whenever threads wait here, this or that is true.
        std::atomic<bool> slice_armed = false;

        sync::Spin lock;
        std::atomic<u32> waiting = 0;  ///< in both queues; written under the lock
        ThreadQueue urgent;            ///< kernel threads that were woken: they go before programs
        ThreadQueue ready;

        time::Timer slice{slice_over};
        /// When a running program's time is sampled next (accounting.cpp); never: a switch has counted that already.
        u64 next_tick = ~u64{0};
        time::Timer tick{tick_came};
        u32 tick_variation = 0;
        Ticks ticks;
        /// There is deferred work; touched by this CPU only, like its timer, which brings the program back here for more of it.
        bool deferred = false;
        time::Timer deferred_again{more_deferred};
        void* spare_stacks[4] = {};
        u32 spare_stack_count = 0;
        Thread idle;
    };

    static Cpu& here();
    static Cpu& of(u32 cpu);

    static void start(Thread& thread);
    static bool wake(Thread& thread);
    static void sleep(Thread& self);
    static void schedule(Cpu& cpu);
    static void attend(Cpu& cpu);
    static void work_between_programs(Cpu& cpu);
    static bool work_while_idle(Cpu& cpu);
    static void yield();
    [[noreturn]] static void end();
    static void become_boot_thread();
    [[noreturn]] static void become_idle();
    static Duration run_time(const Thread& thread);
    /// run_nanoseconds_ while a thread runs: less the time when it began to, and one, so that it is below zero as a signed number.
    static void begin_run(Thread& thread, u64 now) { count_run(thread, 0 - (now + 1)); }
    static void end_run(Thread& thread, u64 now) { count_run(thread, now + 1); }
    static void count_run(Thread& thread, u64 nanoseconds) {
        thread.run_nanoseconds_.store(thread.run_nanoseconds_.load(std::memory_order_relaxed) + nanoseconds, std::memory_order_relaxed);
    }
    static void load_registers(Cpu& cpu, Thread& thread);

    static Result<void*> take_stack();
    static void give_stack(void* top);

private:
    friend class Thread;
    static void run_thread(void* thread);
    static void run_idle(void*);
    static void start_reaper();
    static void reap(void*);
    static void reap_later(Thread& thread);
    static void slice_over(time::Timer& timer);
    static void more_deferred(time::Timer& timer);
    static void tick_came(time::Timer& timer);
    static void tick_overdue(Cpu& cpu, Thread& previous);
    static void start_tick(Cpu& cpu, u64 now);

    static u32 choose_cpu(const Thread& thread);
    static void enqueue(Thread& thread, u32 cpu);
    static void push(Cpu& cpu, Thread& thread, bool urgent);
    static Thread* take(Cpu& cpu);
    static Thread* take_first(Cpu& cpu, u32 id, Thread*& misplaced);
    static Thread* steal(u32 thief);
    static bool stealable(u32 thief);
    static void switch_to(Cpu& cpu, Thread& next);
    static void finish_switch();
    [[noreturn]] static void idle_loop();
};

/// Which CPUs have their idle loop running, and which of them sleep or are about to.
extern std::atomic<CpuSet> online;
extern std::atomic<CpuSet> idle_cpus;

constexpr CpuSet cpu_bit(u32 cpu) { return CpuSet{1} << cpu; }

}  // namespace spore::task
