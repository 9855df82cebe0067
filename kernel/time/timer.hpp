// Timers: one queue per CPU, ordered by deadline; the hardware timer is armed for the earliest only (tickless).
#pragma once

#include <atomic>

#include "base/time.hpp"
#include "base/types.hpp"

namespace spore::time {

/// Since boot.
Instant now();
/// Nanoseconds since 1970-01-01 UTC.
i64 wall_nanoseconds();
/// Moves the wall clock (clock_settime).
void set_wall_nanoseconds(i64 nanoseconds);
/// What the wall clock showed at the monotonic clock's zero. The machine sets it once, from its clock chip or hypervisor.
void set_wall_base(i64 nanoseconds);
/// The same, for those that turn wall deadlines into monotonic ones.
i64 wall_base();
/// A page that begins with the same number, for programs to read.
const void* wall_page();

/// Calls a function once at a point in time, on the CPU that armed it, in interrupt context: no sleeping there.
/// Arming and cancelling one timer from several threads is for them to serialise; the race with its expiry, on whichever
/// CPU, is dealt with here.
class Timer {
public:
    using Callback = void (*)(Timer&);
    explicit constexpr Timer(Callback callback) : callback_(callback) {}
    Timer(const Timer&) = delete;
    ~Timer() { cancel(); }

    /// Arms, or re-arms at another time. The callback may re-arm its own timer. Instant::never() does not arm it.
    void arm(Instant deadline);
    /// After this returns the callback is not running and will not run. Must not be called from it, nor (like arm) with a
    /// lock held that it takes.
    void cancel();
    bool armed() const { return armed_.load(std::memory_order_relaxed); }
    Instant deadline() const { return deadline_; }

private:
    friend class TimerQueue;
    Callback callback_;
    Instant deadline_ = Instant::never();
    static constexpr u32 no_cpu = ~u32{0};
    std::atomic<u32> cpu_ = no_cpu;  ///< whose queue it was armed in last
    std::atomic<bool> armed_ = false;
    // Its place in that queue's pairing heap (timer_queue.cpp).
    Timer* child_ = nullptr;     ///< the first of those that are not earlier
    Timer* sibling_ = nullptr;   ///< the next child of the same parent
    Timer* previous_ = nullptr;  ///< the sibling before, or the parent for the first
};

/// Calls what is due on this CPU and arms its hardware timer for the next. From the timer interrupt.
void run_expired();
/// Gives this CPU an empty queue, before it arms anything.
void start_cpu();

}  // namespace spore::time
