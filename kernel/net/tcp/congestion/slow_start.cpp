// Slow start with HyStart++ [RFC 9406], what loss does to the window, and congestion avoidance as in NewReno.
#include "kernel/net/tcp/congestion/congestion.hpp"

namespace spore::net::tcp {

namespace {
constexpr u32 min_rtt_threshold_us = 4'000, max_rtt_threshold_us = 16'000, min_rtt_divisor = 8, css_growth_divisor = 4;
constexpr u8 rtt_samples = 8, css_rounds = 5;
}  // namespace

void Congestion::measure(u32 acknowledged, u32 next_to_send, u32 rtt_us) {
    if (!in_slow_start() || threshold_ != unlimited) return;  // the first slow start only [RFC 9406 4.3]
    if (static_cast<i32>(acknowledged - round_end_) >= 0) {
        round_end_ = next_to_send;
        last_min_rtt_ = round_min_rtt_;
        round_min_rtt_ = ~u32{0};
        samples_ = 0;
        if (conservative_rounds_ && --conservative_rounds_ == 0) {
            threshold_ = window_;
            return;
        }
    }
    round_min_rtt_ = std::min(round_min_rtt_, rtt_us);
    if (samples_ < rtt_samples) ++samples_;
    if (samples_ < rtt_samples || last_min_rtt_ == ~u32{0}) return;
    if (conservative_rounds_) {
        if (round_min_rtt_ < baseline_min_rtt_) conservative_rounds_ = 0;  // the delay was something else
        return;
    }
    u32 threshold = std::clamp(last_min_rtt_ / min_rtt_divisor, min_rtt_threshold_us, max_rtt_threshold_us);
    if (round_min_rtt_ >= last_min_rtt_ + threshold) {
        baseline_min_rtt_ = round_min_rtt_;
        conservative_rounds_ = css_rounds;
    }
}

void Congestion::slow_start(u32 bytes, u32 mss) {
    u32 growth = std::min(bytes, slow_start_limit * mss);
    if (conservative_rounds_) growth /= css_growth_divisor;
    window_ = std::min(window_ + growth, unlimited);
}

void Congestion::grow(u32 bytes, u32 mss, u32 now_ms, u32 rtt_us) {
    if (in_slow_start()) return slow_start(bytes, mss);
    if (control_ == CongestionControl::cubic) return grow_cubic(bytes, mss, now_ms, rtt_us);
    grow_reno(bytes, mss);
}

void Congestion::grow_reno(u32 bytes, u32 mss) {  // appropriate byte counting [RFC 3465 2.1]
    credit_ += std::min(bytes, window_);
    if (credit_ < window_) return;
    credit_ -= window_;
    window_ = std::min(window_ + mss, unlimited);
}

void Congestion::reduce(u32 mss) {
    prior_ = window_;
    credit_ = 0;
    forget_epoch();
    if (control_ == CongestionControl::cubic) {
        // Fast convergence: who has less than before leaves room for newcomers [RFC 9438 4.7]. Beta is 0.7 [4.6].
        maximum_ = window_ < maximum_ ? static_cast<u32>(u64{window_} * 17 / 20) : window_;
        threshold_ = static_cast<u32>(u64{window_} * 7 / 10);
    } else {
        threshold_ = window_ / 2;
    }
    threshold_ = std::max(threshold_, 2 * mss);
}

void Congestion::collapse(u32 in_flight, u32 mss) {
    reduce(mss);
    threshold_ = std::max(std::min(threshold_, std::max(in_flight, 2 * mss)), 2 * mss);
    window_ = mss;
}

void Congestion::idle(u32 timeouts, u32 mss) {
    if (timeouts == 0) return;
    threshold_ = threshold_ == unlimited ? unlimited : std::max(threshold_, window_ / 4 * 3);
    u32 restart = std::min(window_, initial_window(mss));
    window_ = std::max(restart, window_ >> std::min<u32>(timeouts, 31));
    forget_epoch();
}

}  // namespace spore::net::tcp
