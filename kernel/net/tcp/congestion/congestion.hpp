// How much may be on the way: the congestion window. Slow start, with HyStart++ to leave it in time [RFC 9406]; congestion avoidance by CUBIC
// [RFC 9438] or as NewReno does [RFC 5681]. Everything is counted in bytes. When there is loss is for others to say (rack.cpp, recovery.cpp).
#pragma once

#include <algorithm>

#include "base/types.hpp"
#include "kernel/net/tcp/options.hpp"

namespace spore::net::tcp {

class Congestion {
public:
    static constexpr u32 unlimited = ~u32{0} >> 1;
    /// Slow start in one ACK at most [RFC 9406 4.2, L for senders that do not pace].
    static constexpr u32 slow_start_limit = 8;

    /// IW10 [RFC 6928 2].
    static constexpr u32 initial_window(u32 mss) { return std::min(10 * mss, std::max(2 * mss, u32{14'600})); }
    void start(CongestionControl control, u32 mss) {
        control_ = control;
        window_ = initial_window(mss);
    }
    void select(CongestionControl control) {
        control_ = control;
        forget_epoch();
    }
    CongestionControl control() const { return control_; }
    u32 window() const { return window_; }
    u32 threshold() const { return threshold_; }
    bool in_slow_start() const { return window_ < threshold_; }
    void set_window(u32 window) { window_ = window; }

    /// One sample of a round trip, and that everything before `acknowledged` has arrived [RFC 9406 4.2].
    void measure(u32 acknowledged, u32 next_to_send, u32 rtt_us);
    /// `bytes` have arrived while the window was what limited us.
    void grow(u32 bytes, u32 mss, u32 now_ms, u32 rtt_us);
    /// Loss or ECN: remembers where the window was, and sets the threshold to where it should go.
    void reduce(u32 mss);
    /// The retransmission timer ran out: one segment from here on [RFC 5681 3.1].
    void collapse(u32 in_flight, u32 mss);
    /// Nothing was sent for `timeouts` retransmission timeouts: what was known of the path grows old [RFC 2861 3.2, RFC 9438 5.8].
    void idle(u32 timeouts, u32 mss);
    /// What reduce() or collapse() did was for nothing [RFC 4015 3.2].
    void undo(u32 window, u32 threshold) {
        window_ = std::max(window_, window);
        threshold_ = threshold;
        forget_epoch();
    }
    void forget_epoch() { epoch_ms_ = 0; }

private:
    void slow_start(u32 bytes, u32 mss);
    void grow_reno(u32 bytes, u32 mss);
    void grow_cubic(u32 bytes, u32 mss, u32 now_ms, u32 rtt_us);
    void begin_epoch(u32 mss, u32 now_ms);

    u32 window_ = 0, threshold_ = unlimited;
    u32 credit_ = 0;           ///< what did not make a whole step yet
    // CUBIC [RFC 9438 4.1.2]
    u32 maximum_ = 0;          ///< W_max
    u32 reno_estimate_ = 0;    ///< W_est
    u32 prior_ = 0;            ///< cwnd_prior
    u32 epoch_ms_ = 0;         ///< 0: none has begun
    u32 k_ms_ = 0;
    // HyStart++ [RFC 9406 4.2]
    u32 round_end_ = 0, last_min_rtt_ = ~u32{0}, round_min_rtt_ = ~u32{0}, baseline_min_rtt_ = 0;
    u8 samples_ = 0;
    u8 conservative_rounds_ = 0;  ///< in CSS: rounds left
    CongestionControl control_ = CongestionControl::cubic;
};

/// The cube root, rounded down.
u32 cube_root(u64 value);

}  // namespace spore::net::tcp
