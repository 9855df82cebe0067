// A thread of execution: a kernel stack, and for program threads the program's registers. Scheduling is per CPU; program
// code is preempted at the end of its slice, kernel code never.
#pragma once

#include <atomic>
#include <utility>

#include "arch/context.hpp"
#include "base/list.hpp"
#include "base/owned.hpp"
#include "base/time.hpp"
#include "kernel/sync/spin.hpp"
#include "kernel/sync/wait_queue.hpp"

namespace spore::task {

/// What a thread belongs to and is told about it. linux::Task derives from this; kernel threads have none.
class ThreadOwner {
public:
    /// The CPU is about to run the thread: make its address space current.
    virtual void activate() = 0;
    /// The thread has ended and is no longer on any CPU. Called on another thread's stack, where it may sleep; may free the
    /// owner. The Thread itself is freed right after.
    virtual void ended() = 0;

    /// Which address space activate() makes current: threads with equal numbers share one, and switching between them does
    /// not call activate(). 0, the default, equals nothing.
    u64 space_number() const { return space_number_; }
    /// Wants to hear of each switch to the thread: switched_to(), on the CPU that is about to run it; it must neither sleep nor lock.
    virtual void switched_to() {}
    bool notices_switches() const { return notices_switches_; }
    void set_notices_switches(bool notices) { notices_switches_ = notices; }
    void set_space_number(u64 number) { space_number_ = number; }

    /// Makes the thread pass entry::leave_to_program before it continues program code. Who sets it for another thread interrupts that.
    std::atomic<bool>& attention() { return attention_; }
    const std::atomic<bool>& attention() const { return attention_; }

protected:
    ~ThreadOwner() = default;

private:
    std::atomic<bool> attention_ = false;
    u64 space_number_ = 0;
    bool notices_switches_ = false;
};
/// A number for a new address space. None is given twice.
u64 new_space_number();

/// `created`: not started; nothing but start() makes it runnable. `preparing`: between prepare_to_block() and block(), when a wake-up makes it
/// `running` again.
enum class State : u8 { created, runnable, running, preparing, blocked, ended };

/// A set of CPUs, one bit each.
using CpuSet = u64;
static_assert(arch::max_cpus <= 64);

/// How many samples found a program's code, and how many the kernel's.
struct Ticks {
    std::atomic<u32> user = 0, system = 0;
};
/// Time on a CPU, by whose code it was.
struct ProcessorTime {
    Duration user{}, system{};
};

class Thread {
public:
    /// A thread that has not been started: it runs entry(argument) on its own kernel stack.
    /// `owner` null makes a kernel thread. no_memory when stack or state cannot be allocated.
    static Result<Owned<Thread>> create(const char* name, void (*entry)(void*), void* argument, ThreadOwner* owner = nullptr);
    ~Thread();
    Thread(const Thread&) = delete;

    const char* name() const { return name_; }
    /// What it is called in traces: its owner's number for programs, the kernel's own count from abi::first_kernel_thread on, and 0 is whoever idles.
    u32 number() const { return number_; }
    void set_number(u32 number) { number_ = number; }
    void* stack_top() const { return stack_top_; }
    arch::TrapFrame& program_frame() const { return *arch::program_frame(stack_top_); }
    /// Null for kernel threads. For the current thread it is out of date, see store_program_state().
    arch::ProgramState* program_state() const { return program_state_; }
    ThreadOwner* owner() const { return owner_; }
    State state() const { return state_.load(std::memory_order_relaxed); }
    /// The CPU that it runs on, or ran on last.
    u32 cpu() const { return cpu_.load(std::memory_order_relaxed); }
    /// Time this thread has spent on a CPU.
    Duration run_time() const;
    /// The same, by whose code ran: the sum is exact, the parts are sampled (accounting.cpp). Neither goes back.
    ProcessorTime processor_time();
    /// How often it gave up the CPU to wait, and how often it was made to.
    u64 voluntary_switches() const { return voluntary_switches_.load(std::memory_order_relaxed); }
    u64 involuntary_switches() const { return involuntary_switches_.load(std::memory_order_relaxed); }

    /// Ends an interruptible wait, now or at its start: a signal came. A program that runs passes leave_to_program. Any CPU.
    void interrupt();
    /// Set by interrupt(); cleared by the owner when it has dealt with the reason.
    bool interrupted() const { return interrupted_.load(std::memory_order_seq_cst); }
    void clear_interrupted() { interrupted_.store(false, std::memory_order_release); }

    /// Whether a wait that a signal could end is one: while it is not, such a wait ends as it begins, with would_block. The thread's own.
    bool waits() const { return waits_; }
    bool set_waits(bool waits) { return std::exchange(waits_, waits); }

    CpuSet affinity() const { return affinity_.load(std::memory_order_relaxed); }
    /// Takes effect when the thread next leaves the kernel. invalid when no running CPU is in it.
    Result<void> set_affinity(CpuSet cpus);
    /// -20 … 19, as in setpriority: sets the length of its slices.
    int nice() const { return nice_.load(std::memory_order_relaxed); }
    void set_nice(int nice);

    /// Before start(): its program state becomes a copy of the current thread's (clone, fork).
    Result<void> inherit_program_state();
    /// Before start(): it may run where the current thread may, with slices as long.
    void inherit_scheduling();

    /// prepare_to_block() and cancel_block() for the current thread that is known already. Before the looks at what it would wait for: an exchange,
    /// since QEMU's arm64 (7.2) lets a load-acquire overtake a store-release, which the architecture does not [arm/DDI0487 B2.3.8].
    void prepare() { (void)state_.exchange(State::preparing, std::memory_order_seq_cst); }
    void unprepare() { state_.store(State::running, std::memory_order_relaxed); }

private:
    friend class Scheduler;
    constexpr Thread() = default;
    void take_kernel_number();

    // What a switch touches comes first, to lie in few cache lines.
    arch::KernelContext context_;
    std::atomic<State> state_ = State::created;
    std::atomic<bool> interrupted_ = false;
    /// Its stack is in use. Cleared, with release order, once the CPU has left it: only then may another CPU run it.
    std::atomic<bool> on_cpu_ = false;
    bool waits_ = true;
    std::atomic<i8> nice_ = 0;
    std::atomic<u32> cpu_ = 0;
    std::atomic<u32> slice_nanoseconds_ = 0;
    u32 state_cpu_ = ~u32{0};  ///< the CPU whose registers held its program state last
    std::atomic<u64> run_nanoseconds_ = 0;
    void* stack_top_ = nullptr;
    arch::ProgramState* program_state_ = nullptr;
    ThreadOwner* owner_ = nullptr;
    std::atomic<CpuSet> affinity_ = ~CpuSet{0};
    std::atomic<u64> voluntary_switches_ = 0;
    std::atomic<u64> involuntary_switches_ = 0;
    Ticks ticks_;
    sync::Spin reported_lock_;
    ProcessorTime reported_;
    const char* name_ = "";
    u32 number_ = 0;
    void (*entry_)(void*) = nullptr;
    void* argument_ = nullptr;

public:
    ListLink<Thread> queue_link;  ///< the scheduler's: in a run queue, or among the ended
};

/// The thread that runs on this CPU.
Thread& current();

/// Makes a created thread runnable for the first time. The scheduler owns it from here; ended() tells of its end.
void start(Owned<Thread> thread);

/// Lets others run; returns at once when nobody wants to.
void yield();

/// Ends the current thread.
[[noreturn]] void end();

/// Why block() returned. More than one may hold; callers look at their condition again.
enum class Woken : u8 { by_wake, by_deadline, by_interrupt };
/// Blocks the current thread until wake() or the deadline, after prepare_to_block(); at once when a wake came since.
/// Prefer WaitQueue.
///
///   prepare_to_block();
///   if (ready) cancel_block(); else block(Interruptible::no);
Woken block(sync::Interruptible interruptible, Instant deadline = Instant::never());
/// Announces that the current thread is about to block(): wakes from now on make that block() return at once.
void prepare_to_block();
void cancel_block();
/// Makes a blocked thread runnable; harmless for one that is not. Any CPU, and interrupts. The caller sees to it that the thread
/// cannot end meanwhile.
void wake(Thread& thread);

/// Work that interrupts leave behind (device/poller.hpp). `work(turn)` runs on a CPU after request_deferred_work() there: on the way back to a
/// program, or in the idle loop. It does not sleep; true means that it could go on, and is called again: at once when the CPU is idle,
/// after a while when a program wants to run. `work(idle_turn)` is the same in the idle loop, and `work(before_sleep)` tells whether there is
/// something to do on a CPU that is about to sleep.
enum class Occasion : u8 { turn, idle_turn, before_sleep };
using DeferredWork = bool (*)(Occasion occasion);
void set_deferred_work(DeferredWork work);
/// On this CPU, from any context.
void request_deferred_work();

/// Called by arch on the way back to program code, interrupts off: reschedules when the slice is over.
void before_return_to_program();
/// Called by arch from the timer interrupt, and from a kick.
void on_timer();
void on_kick();

/// The current thread's program registers (ProgramState) live in the CPU. These write them to its program_state(), and load them from
/// there: before reading it, and after changing it.
void store_program_state();
void load_program_state();
/// The current thread's owner has another address space (execve): makes it current.
void change_space();

/// This CPU becomes part of the scheduler: the code that calls this becomes its idle loop. Not for CPU 0.
[[noreturn]] void run_idle_loop();
/// The boot code on CPU 0 becomes a thread, so that it may sleep, and CPU 0 gets an idle loop. Needs memory.
void adopt_boot_thread();

/// CPUs that take part in scheduling.
CpuSet online_cpus();
/// Time that a CPU has spent without work.
Duration idle_time(u32 cpu);
/// What it did in the time that it was not idle, `all`.
ProcessorTime busy_time(u32 cpu, Duration all);
/// Threads that run or want to, now.
u32 runnable_threads();
/// Records what the kernel's threads are called, for a trace that begins now.
void trace_kernel_threads();
/// Switches between threads since boot, on all CPUs.
u64 context_switches();

}  // namespace spore::task
