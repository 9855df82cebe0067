// Arming, expiry and the heap beneath. The hardware timer is never disarmed for a cancelled timer: one interrupt too many is cheaper
// than a register write per cancel, and most timeouts are cancelled.
#include "kernel/time/timer_queue.hpp"

#include <algorithm>
#include <new>

#include "kernel/core/per_cpu.hpp"
#include "kernel/core/trace.hpp"

namespace spore::time {

namespace {
PER_CPU(TimerQueue, timers);
}  // namespace

void Timer::arm(Instant deadline) {
    u32 before = cpu_.load(std::memory_order_relaxed);
    u32 here = arch::cpu_id();
    // Its callback may still run on the CPU where it was armed before; on this CPU that is only so when it calls us.
    if (before != no_cpu && (armed() || before != here)) cancel();
    if (deadline == Instant::never()) return;
    timers->arm(*this, deadline, here);
}

void Timer::cancel() {
    u32 cpu = cpu_.load(std::memory_order_relaxed);
    if (cpu == no_cpu) return;  // was never armed
    timers.of(cpu).cancel(*this);
}

void run_expired() { timers->run_expired(); }

void on_kick() { timers->arm_anew(); }

void tell_queues_of_wall_change() {
    for (u32 cpu = 0; cpu < arch::cpu_count(); ++cpu) {
        if (!timers.of(cpu).note_wall_change()) continue;
        if (cpu == arch::cpu_id()) timers->arm_anew();
        else arch::kick(cpu);
    }
}

void start_cpu() { new (&*timers) TimerQueue; }

void TimerQueue::arm(Timer& timer, Instant deadline, u32 cpu) {
    Guard guard(lock_);
    timer.deadline_ = deadline;
    timer.cpu_.store(cpu, std::memory_order_relaxed);
    timer.armed_.store(true, std::memory_order_relaxed);
    insert(timer);
    arm_hardware();
}

void TimerQueue::cancel(Timer& timer) {
    for (;;) {
        {
            Guard guard(lock_);
            if (timer.armed()) {
                timer.armed_.store(false, std::memory_order_relaxed);
                remove(timer);
            }
            if (running_ != &timer) return;
        }
        arch::relax();  // its callback runs on another CPU now, and may arm it once more
    }
}

bool TimerQueue::note_wall_change() {
    Guard guard(lock_);
    if (!earliest_on_wall_) return false;
    stale_.store(true, std::memory_order_relaxed);
    return true;
}

void TimerQueue::arm_anew() {
    if (!stale_.load(std::memory_order_relaxed)) return;
    Guard guard(lock_);
    stale_.store(false, std::memory_order_relaxed);
    hardware_ = Instant::never();
    arm_hardware();
}

Timer* TimerQueue::due() const {
    if (earliest_ && has_passed(earliest_->deadline_)) return earliest_;
    return earliest_on_wall_ && has_passed(earliest_on_wall_->deadline_) ? earliest_on_wall_ : nullptr;
}

void TimerQueue::run_expired() {
    lock_.lock();
    hardware_ = Instant::never();
    while (Timer* first = due()) {
        Timer& timer = *first;
        remove(timer);
        if (core::traces(core::TracePoint::timer)) [[unlikely]] core::record(core::TracePoint::timer, static_cast<u64>((now_beside(timer.deadline_) - timer.deadline_).nanoseconds), 0, 0);
        timer.armed_.store(false, std::memory_order_relaxed);
        running_ = &timer;
        lock_.unlock();
        timer.callback_(timer);
        lock_.lock();
        running_ = nullptr;  // the timer may be gone from here on
    }
    arm_hardware();
    lock_.unlock();
}

void TimerQueue::arm_hardware() {
    Instant next = earliest_ ? earliest_->deadline_ : Instant::never();
    if (earliest_on_wall_) {
        auto left = earliest_on_wall_->deadline_ - now_beside(earliest_on_wall_->deadline_);
        next = std::min(next, now() + left);
    }
    if (next >= hardware_) return;
    hardware_ = next;
    arch::arm_timer(hardware_.nanoseconds);
}

Timer* TimerQueue::meld(Timer* a, Timer* b) {
    if (!a) return b;
    if (!b) return a;
    if (b->deadline_ < a->deadline_) {
        Timer* swap = a;
        a = b, b = swap;
    }
    b->previous_ = a;
    b->sibling_ = a->child_;
    if (b->sibling_) b->sibling_->previous_ = b;
    a->child_ = b;
    return a;
}

/// Makes one heap of a row of siblings: pairs from the left, then the pairs from the right.
Timer* TimerQueue::meld_children(Timer* first) {
    Timer* pairs = nullptr;  // linked by sibling_, the last pair first
    while (first) {
        Timer* a = first;
        Timer* b = a->sibling_;
        first = b ? b->sibling_ : nullptr;
        a->sibling_ = a->previous_ = nullptr;
        if (b) b->sibling_ = b->previous_ = nullptr;
        a = meld(a, b);
        a->sibling_ = pairs;
        pairs = a;
    }
    Timer* heap = nullptr;
    while (pairs) {
        Timer* next = pairs->sibling_;
        pairs->sibling_ = nullptr;
        heap = meld(heap, pairs);
        pairs = next;
    }
    return heap;
}

void TimerQueue::insert(Timer& timer) {
    timer.child_ = timer.sibling_ = timer.previous_ = nullptr;
    auto& earliest = earliest_beside(timer);
    earliest = meld(earliest, &timer);
}

void TimerQueue::remove(Timer& timer) {
    Timer* below = meld_children(timer.child_);
    timer.child_ = nullptr;
    auto& earliest = earliest_beside(timer);
    if (&timer == earliest) {
        earliest = below;
        return;
    }
    (timer.previous_->child_ == &timer ? timer.previous_->child_ : timer.previous_->sibling_) = timer.sibling_;
    if (timer.sibling_) timer.sibling_->previous_ = timer.previous_;
    timer.sibling_ = timer.previous_ = nullptr;
    earliest = meld(earliest, below);
}

}  // namespace spore::time
