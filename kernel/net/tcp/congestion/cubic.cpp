// Congestion avoidance by CUBIC [RFC 9438 4]: after a reduction the window follows a cubic function of time, flat around the size at which the loss came.
#include "kernel/net/tcp/congestion/congestion.hpp"

namespace spore::net::tcp {

u32 cube_root(u64 value) {
    // Bit by bit from the top: 22 steps, once in a congestion epoch.
    u64 root = 0;
    for (int bit = 21; bit >= 0; --bit) {
        u64 candidate = root | u64{1} << bit;
        if (candidate * candidate * candidate <= value) root = candidate;
    }
    return static_cast<u32>(root);
}

void Congestion::begin_epoch(u32 mss, u32 now_ms) {
    epoch_ms_ = now_ms ? now_ms : 1;
    reno_estimate_ = window_;
    if (maximum_ <= window_) {
        maximum_ = window_;
        k_ms_ = 0;
        return;
    }
    // K = cbrt((W_max - cwnd) / C) seconds with windows in segments and C = 0.4 [4.2]; in milliseconds 10^9 / 0.4 comes under the root.
    k_ms_ = cube_root(u64{maximum_ - window_} * 2'500'000'000 / mss);
}

void Congestion::grow_cubic(u32 bytes, u32 mss, u32 now_ms, u32 rtt_us) {
    if (!epoch_ms_) begin_epoch(mss, now_ms);
    // W_cubic(t + RTT) = C (t - K)^3 + W_max. The cube is bounded, so that it fits.
    i64 distance = std::clamp<i64>(i64{now_ms - epoch_ms_} + rtt_us / 1000 - k_ms_, -100'000, 100'000);
    i64 cubic = i64{maximum_} + distance * distance * distance / 1'000'000 * mss * 4 / 10'000;
    // What NewReno would have by now [4.3]: alpha is 3 (1 - beta) / (1 + beta) = 9/17, and 1 from where it was before.
    u64 step = u64{bytes} * mss / std::max(window_, mss);
    reno_estimate_ += static_cast<u32>(reno_estimate_ < prior_ ? step * 9 / 17 : step);
    if (cubic < i64{reno_estimate_}) {
        window_ = std::min(std::max(window_, reno_estimate_), unlimited);
        return;
    }
    // Towards the target within one round trip, at most half as much again [4.4].
    u64 target = static_cast<u64>(std::clamp<i64>(cubic, window_, i64{window_} + window_ / 2));
    u64 growth = (target - window_) * bytes + credit_;
    window_ = static_cast<u32>(std::min<u64>(window_ + growth / window_, unlimited));
    credit_ = static_cast<u32>(growth % window_);
}

}  // namespace spore::net::tcp
