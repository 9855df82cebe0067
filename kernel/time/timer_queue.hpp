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

private:
    void insert(Timer& timer);
    void remove(Timer& timer);
    static Timer* meld(Timer* a, Timer* b);
    static Timer* meld_children(Timer* first);
    void arm_hardware();

    sync::Spin lock_;
    Timer* earliest_ = nullptr;
    Timer* running_ = nullptr;                    ///< whose callback runs now
    Instant hardware_ = Instant::never();         ///< what the hardware timer is armed for
};

}  // namespace spore::time
