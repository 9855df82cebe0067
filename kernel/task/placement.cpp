// Waking a thread, and on which CPU: its last one when that is idle, else an idle one, else its last one's queue.
#include "kernel/core/panic.hpp"
#include "kernel/core/trace.hpp"
#include "kernel/sync/count.hpp"
#include "kernel/task/scheduler.hpp"

#include <bit>

namespace spore::task {

void wake(Thread& thread) { Scheduler::wake(thread); }

/// Signals may have been sent to it before; its making goes on until now, and whoever makes it holds it.
void Scheduler::start(Thread& thread) {
    thread.state_.store(State::runnable, std::memory_order_relaxed);  // published by the lock of the queue
    enqueue(thread, choose_cpu(thread));
}

/// False when it was neither blocked nor about to be.
bool Scheduler::wake(Thread& thread) {
    // The waker's change of the condition, whatever it was stored with, comes before the look at the state. A load alone overtakes the store on x86
    // [intel/vol3 9.2.3.4]. Pairs with prepare().
    std::atomic_thread_fence(std::memory_order_seq_cst);
    State state = thread.state_.load(std::memory_order_relaxed);
    for (;;) {
        if (state == State::preparing) {
            if (thread.state_.compare_exchange_weak(state, State::running, std::memory_order_acq_rel)) return true;
        } else if (state == State::blocked) {
            if (thread.state_.compare_exchange_weak(state, State::runnable, std::memory_order_acq_rel)) break;
        } else {
            return false;
        }
    }
    core::trace(core::TracePoint::wake, thread.number());
    // pairs with finish_switch(): once it is clear, its registers and stack are all saved
    bool leaving = thread.on_cpu_.load(std::memory_order_acquire);
    enqueue(thread, leaving ? thread.cpu() : choose_cpu(thread));
    return true;
}

u32 Scheduler::choose_cpu(const Thread& thread) {
    CpuSet all = online.load(std::memory_order_relaxed);
    u32 last = thread.cpu();
    if (all == cpu_bit(last)) return last;
    CpuSet allowed = thread.affinity() & all;
    if (!allowed) allowed = all;  // its CPUs are not up: better somewhere than nowhere
    CpuSet idle = idle_cpus.load(std::memory_order_relaxed) & allowed;
    if (idle & cpu_bit(last)) return last;
    if (idle) return static_cast<u32>(std::countr_zero(idle));
    if (allowed & cpu_bit(last)) return last;
    u32 here = arch::cpu_id();
    return allowed & cpu_bit(here) ? here : static_cast<u32>(std::countr_zero(allowed));
}

void Scheduler::push(Cpu& cpu, Thread& thread, bool urgent) {
    (urgent ? cpu.urgent : cpu.ready).push_back(thread);
    sync::count(cpu.waiting);
}

namespace {
/// Wakes a CPU of `among` from its sleep, if one sleeps. Of several wakers one kicks it.
bool rouse(CpuSet among) {
    CpuSet idle = idle_cpus.load(std::memory_order_relaxed) & among;
    while (idle) {
        CpuSet bit = idle & (~idle + 1);
        if (idle_cpus.fetch_and(~bit, std::memory_order_acq_rel) & bit) {
            arch::kick(static_cast<u32>(std::countr_zero(bit)));
            return true;
        }
        idle &= ~bit;
    }
    return false;
}
}  // namespace

/// Puts a runnable thread into a CPU's queue and sees to it that the CPU, or an idle one, looks there.
void Scheduler::enqueue(Thread& thread, u32 id) {
    Cpu& cpu = of(id);
    bool urgent = !thread.owner_;
    CpuSet affinity = thread.affinity();
    {
        Guard guard(cpu.lock);
        push(cpu, thread, urgent);
        if (thread.cpu() != id) thread.cpu_.store(id, std::memory_order_seq_cst);
        arch::attention(id).store(true, std::memory_order_relaxed);
    }
    // The thread may run, and even be gone, from here on.
    u32 here = arch::cpu_id();
    CpuSet all = online.load(std::memory_order_relaxed);
    if (all == cpu_bit(here)) return;
    std::atomic_thread_fence(std::memory_order_seq_cst);  // pairs with idle_loop(): it sees our thread, or we see that it is idle
    if (id == here) {
        if (cpu.current != &cpu.idle) rouse(affinity & ~cpu_bit(here));  // it may steal what waits behind us
        return;
    }
    if (rouse(cpu_bit(id))) return;
    if (urgent || !cpu.slice_armed.load(std::memory_order_relaxed)) arch::kick(id);
    rouse(affinity & ~cpu_bit(id));
}

/// A thread that waits on another CPU and may run on this one.
Thread* Scheduler::steal(u32 thief) {
    CpuSet others = online.load(std::memory_order_relaxed) & ~cpu_bit(thief);
    for (; others; others &= others - 1) {
        Cpu& victim = of(static_cast<u32>(std::countr_zero(others)));
        if (victim.waiting.load(std::memory_order_relaxed) == 0) continue;
        Guard guard(victim.lock);
        for (ThreadQueue* queue : {&victim.urgent, &victim.ready}) {
            for (Thread& thread : *queue) {
                if (thread.on_cpu_.load(std::memory_order_acquire) || !(thread.affinity() & cpu_bit(thief))) continue;
                queue->remove(thread);
                victim.waiting.store(victim.waiting.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
                return &thread;
            }
        }
    }
    return nullptr;
}

/// Whether steal() would find something now or in a moment, when its CPU has left its stack.
bool Scheduler::stealable(u32 thief) {
    CpuSet others = online.load(std::memory_order_relaxed) & ~cpu_bit(thief);
    for (; others; others &= others - 1) {
        Cpu& victim = of(static_cast<u32>(std::countr_zero(others)));
        if (victim.waiting.load(std::memory_order_relaxed) == 0) continue;
        Guard guard(victim.lock);
        for (ThreadQueue* queue : {&victim.urgent, &victim.ready})
            for (Thread& thread : *queue)
                if (thread.affinity() & cpu_bit(thief)) return true;
    }
    return false;
}

}  // namespace spore::task
