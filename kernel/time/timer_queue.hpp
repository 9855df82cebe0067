// One CPU's armed timers: a pairing heap, so that arming costs a comparison and taking out the earliest O(log n) on average
// [Fredman, Sedgewick, Sleator, Tarjan: The pairing heap, 1986].
#pragma once

#include "kernel/sync/spin.hpp"
#include "kernel/time/timer.hpp"

namespace spore::time {

class TimerQueue {
public:
    constexpr TimerQueue() = default;

    /// On the CPU that owns the queue.
    void arm(Timer& timer, Instant deadline, u32 cpu);
    void run_expired();
    /// From any CPU.
    void cancel(Timer& timer);
    /// The wall clock was set: true when that matters here, and the queue's CPU is to call arm_anew().
    bool note_wall_change();
    void arm_anew();

private:
    void insert(Timer& timer);
    void remove(Timer& timer);
    static Timer* meld(Timer* a, Timer* b);
    static Timer* meld_children(Timer* first);
    void arm_hardware();
    Timer*& earliest_beside(const Timer& timer) { return is_on_wall(timer.deadline_) ? earliest_on_wall_ : earliest_; }
    Timer* due() const;

    sync::Spin lock_;
    Timer* earliest_ = nullptr;
    Timer* earliest_on_wall_ = nullptr;           ///< of those whose deadline is a point on the wall clock
    std::atomic<bool> stale_ = false;             ///< the wall clock was set since the hardware timer was armed
    Timer* running_ = nullptr;                    ///< whose callback runs now
    Instant hardware_ = Instant::never();         ///< what the hardware timer is armed for
};

/// For change_wall_nanoseconds(): each CPU arms its hardware timer anew.
void tell_queues_of_wall_change();

}  // namespace spore::time
