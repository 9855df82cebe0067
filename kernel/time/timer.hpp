// Timers: one queue per CPU, ordered by deadline; the hardware timer is armed for the earliest only (tickless).
#pragma once

#include "base/time.hpp"

namespace spore::time {

/// Since boot.
Instant now();
/// Nanoseconds since 1970-01-01 UTC.
i64 wall_nanoseconds();
/// Moves the wall clock (clock_settime).
void set_wall_nanoseconds(i64 nanoseconds);

/// Calls a function once at a point in time, on the CPU that armed it, in interrupt context: no sleeping there.
class Timer {
public:
    using Callback = void (*)(Timer&);
    explicit constexpr Timer(Callback callback) : callback_(callback) {}
    Timer(const Timer&) = delete;
    ~Timer() { cancel(); }

    /// Arms, or re-arms at another time.
    void arm(Instant deadline);
    /// After this returns the callback is not running and will not run. Must not be called from it.
    void cancel();
    bool armed() const;
    Instant deadline() const { return deadline_; }

private:
    friend class TimerQueue;
    Callback callback_;
    Instant deadline_ = Instant::never();
    u32 cpu_ = 0;
    // Position in the queue: a pairing heap or tree link, kernel/time's own.
    Timer* left_ = nullptr;
    Timer* right_ = nullptr;
    Timer* parent_ = nullptr;
    bool armed_ = false;
};

}  // namespace spore::time
