// A timer that runs while there is something to expire, for things that many share.
#pragma once

#include <atomic>

#include "kernel/time/timer.hpp"

namespace spore::net::tcp {

class Ticker {
public:
    /// Does what is due and returns when to come again; never: when somebody calls start().
    using Run = Instant (*)(Instant now);
    explicit constexpr Ticker(Run run) : run_(run), timer_(fired) {}

    /// There is something. Without any lock that `run` takes. When it runs already it comes by itself.
    void start(Instant first) {
        if (running_.load(std::memory_order_relaxed)) return;
        if (!running_.exchange(true, std::memory_order_acq_rel)) timer_.arm(first);
    }

private:
    static void fired(time::Timer& timer) {
        auto& self = *reinterpret_cast<Ticker*>(reinterpret_cast<std::byte*>(&timer) - __builtin_offsetof(Ticker, timer_));
        auto next = self.run_(time::now());
        if (next == Instant::never()) {
            // Something may have come before that, and found the ticker running. An exchange, for the reason that Thread::prepare gives.
            (void)self.running_.exchange(false, std::memory_order_seq_cst);
            next = self.run_(time::now());
            if (next == Instant::never() || self.running_.exchange(true, std::memory_order_acq_rel)) return;
        }
        timer.arm(next);
    }

    Run run_;
    std::atomic<bool> running_ = false;
    time::Timer timer_;
};

}  // namespace spore::net::tcp
