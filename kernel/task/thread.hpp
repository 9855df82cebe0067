// A thread of execution: a kernel stack, and for program threads the program's registers. Scheduling is per CPU; program
// code is preempted at the end of its slice, kernel code never.
#pragma once

#include <atomic>

#include "arch/context.hpp"
#include "base/list.hpp"
#include "base/owned.hpp"
#include "base/time.hpp"
#include "kernel/sync/wait_queue.hpp"

namespace spore::task {

/// What a thread belongs to and is told about it. linux::Task derives from this; kernel threads have none.
class ThreadOwner {
public:
    /// The CPU is about to run the thread: make its address space current.
    virtual void activate() = 0;
    /// The thread has ended and is no longer on any CPU. Called on another thread's stack; may free the owner.
    virtual void ended() = 0;

protected:
    ~ThreadOwner() = default;
};

enum class State : u8 { runnable, running, blocked, ended };

/// A set of CPUs, one bit each.
using CpuSet = u64;

class Thread {
public:
    /// A thread that has not been started: it runs entry(argument) on its own kernel stack.
    /// `owner` null makes a kernel thread. no_memory when stack or state cannot be allocated.
    static Result<Owned<Thread>> create(const char* name, void (*entry)(void*), void* argument, ThreadOwner* owner = nullptr);
    ~Thread();

    const char* name() const { return name_; }
    void* stack_top() const { return stack_top_; }
    arch::TrapFrame& program_frame() const { return *arch::program_frame(stack_top_); }
    /// Null for kernel threads.
    arch::ProgramState* program_state() const { return program_state_; }
    ThreadOwner* owner() const { return owner_; }
    State state() const { return state_.load(std::memory_order_relaxed); }
    u32 cpu() const { return cpu_; }
    /// Time this thread has spent on a CPU: in all, and of it in the kernel.
    Duration run_time() const;

    /// Ends an interruptible wait, now or at its start: a signal came. Any CPU.
    void interrupt();
    /// Set by interrupt(); cleared by the owner when it has dealt with the reason.
    bool interrupted() const { return interrupted_.load(std::memory_order_acquire); }
    void clear_interrupted() { interrupted_.store(false, std::memory_order_release); }

    CpuSet affinity() const { return affinity_.load(std::memory_order_relaxed); }
    /// Takes effect when the thread next enters the kernel. invalid when no running CPU is in it.
    Result<void> set_affinity(CpuSet cpus);

private:
    friend class Scheduler;
    friend class sync::WaitQueue;
    Thread() = default;

    arch::KernelContext context_;
    void* stack_top_ = nullptr;
    arch::ProgramState* program_state_ = nullptr;
    ThreadOwner* owner_ = nullptr;
    const char* name_ = "";
    std::atomic<State> state_ = State::blocked;
    std::atomic<bool> interrupted_ = false;
    std::atomic<CpuSet> affinity_ = ~CpuSet{0};
    u32 cpu_ = 0;

public:
    ListLink<Thread> queue_link;  ///< run queue's
};

/// The thread that runs on this CPU.
Thread& current();

/// Makes a created thread runnable for the first time. The scheduler owns it from here; ended() tells of its end.
void start(Owned<Thread> thread);

/// Lets others run; returns at once when nobody wants to.
void yield();

/// Ends the current thread.
[[noreturn]] void end();

/// Blocks the current thread until wake() or the deadline. `still` is asked again, once the thread counts as blocked, whether
/// to sleep: a wake that came before is not lost. Prefer WaitQueue.
enum class Woken : u8 { by_wake, by_deadline, by_interrupt };
Woken block(sync::Interruptible interruptible, Instant deadline = Instant::never());
/// Announces that the current thread is about to block(): wakes from now on make that block() return at once.
void prepare_to_block();
/// Makes a blocked thread runnable; harmless for one that is not. Any CPU.
void wake(Thread& thread);

/// Called by arch on the way back to program code, interrupts off: reschedules when the slice is over.
void before_return_to_program();
/// Called by arch from the timer interrupt, and from a kick.
void on_timer();
void on_kick();

/// This CPU becomes part of the scheduler: the code that calls this becomes its idle loop.
[[noreturn]] void run_idle_loop();
/// The boot code on CPU 0 becomes a thread, so that it may sleep.
void adopt_boot_thread();

}  // namespace spore::task
