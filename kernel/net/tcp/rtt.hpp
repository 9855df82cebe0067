// The round-trip time and the retransmission timeout that follows from it [RFC 6298].
#pragma once

#include <algorithm>

#include "base/time.hpp"
#include "base/types.hpp"

namespace spore::net::tcp {

class RoundTrip {
public:
    /// RFC 6298 2.1 and 2.4 with Linux's lower bound, which peers' delayed acknowledgements (40 ms) allow.
    static constexpr u32 initial_rto_us = 1'000'000, min_rto_us = 200'000, max_rto_us = 120'000'000, untold_rto_us = 3'000'000;

    void sample(u32 us) {
        us = std::max<u32>(us, 1);
        if (!smoothed_) {  // [2.2]
            smoothed_ = us;
            variation_ = us / 2;
        } else {           // [2.3], alpha = 1/8, beta = 1/4
            u32 distance = us > smoothed_ ? us - smoothed_ : smoothed_ - us;
            variation_ = variation_ - variation_ / 4 + distance / 4;
            smoothed_ = smoothed_ - smoothed_ / 8 + us / 8;
            if (!smoothed_) smoothed_ = 1;
        }
        rto_ = std::min(smoothed_ + std::max(4 * variation_, min_rto_us), max_rto_us);
        backoff_ = 0;
    }
    /// The handshake told nothing but that something was lost: longer than the first guess, then [5.7].
    void distrust() { rto_ = untold_rto_us; }
    void back_off() {
        if (backoff_ < 16) ++backoff_;
    }
    void forget_backoff() { backoff_ = 0; }

    /// 0: not measured yet.
    u32 smoothed_us() const { return smoothed_; }
    u32 variation_us() const { return variation_; }
    u8 backoff() const { return backoff_; }
    Duration timeout() const { return Duration::us(static_cast<i64>(std::min<u64>(u64{rto_} << backoff_, max_rto_us))); }

private:
    u32 smoothed_ = 0, variation_ = 0;
    u32 rto_ = initial_rto_us;
    u8 backoff_ = 0;
};

}  // namespace spore::net::tcp
