// Timers: one queue per CPU, ordered by deadline; the hardware timer is armed for the earliest only (tickless).
#pragma once

#include <atomic>

#include "base/list.hpp"
#include "base/time.hpp"
#include "base/types.hpp"

namespace spore::time {

/// Since boot.
Instant now();
/// Nanoseconds since 1970-01-01 UTC.
i64 wall_nanoseconds();
/// Moves the wall clock at boot, when nothing waits for it.
void set_wall_nanoseconds(i64 nanoseconds);
/// The same later (clock_settime): deadlines on the wall clock come sooner or later than it seemed, and its watchers are told.
void change_wall_nanoseconds(i64 nanoseconds);
/// What the wall clock showed at the monotonic clock's zero. The machine sets it once, from its clock chip or hypervisor.
void set_wall_base(i64 nanoseconds);
/// The same, for those that turn wall deadlines into monotonic ones.
i64 wall_base();
/// A page that begins with the same number, for programs to read.
const void* wall_page();

/// A point on the wall clock as a deadline for timers and for all that waits: it follows that clock when it is set. Above all points on the
/// monotonic clock, of which there are no later ones than the longest span from now.
constexpr u64 wall_zero = (u64{1} << 63) + (u64{1} << 60);
constexpr Instant on_wall(i64 nanoseconds) {
    u64 since = nanoseconds > 0 ? static_cast<u64>(nanoseconds) : 0, most = Instant::never().nanoseconds - 1 - wall_zero;
    return {wall_zero + (since < most ? since : most)};
}
constexpr bool is_on_wall(Instant at) { return at.nanoseconds >= wall_zero && at != Instant::never(); }
/// Now, on the clock that `other` is a point on.
Instant now_beside(Instant other);
inline bool has_passed(Instant deadline) { return deadline <= now_beside(deadline); }

/// Hears of changes of the wall clock, with a lock held: it must neither sleep nor watch or stop watching there.
class WallWatcher {
public:
    void watch_wall();
    void stop_watching_wall();
    ListLink<WallWatcher> watcher_link;

protected:
    ~WallWatcher() = default;

private:
    friend void change_wall_nanoseconds(i64);
    virtual void wall_changed() = 0;
};

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
/// What an interrupt from another CPU may have been for.
void on_kick();
/// Gives this CPU an empty queue, before it arms anything.
void start_cpu();

}  // namespace spore::time
