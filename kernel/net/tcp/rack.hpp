// Loss by time: what was sent sufficiently long before something that has arrived is lost [RFC 8985 6].
#pragma once

#include "base/time.hpp"
#include "kernel/net/tcp/scoreboard.hpp"

namespace spore::net::tcp {

class Rack {
public:
    /// After an acknowledgement: what arrived last, how long round trips take.
    void update(const Delivery& delivery, u32 now_us);
    /// A D-SACK came: the reordering window was too small [6.2 step 4].
    void duplicate_reported(u32 acknowledged, u32 next_to_send);
    void recovery_ended() {
        if (persist_ && --persist_ == 0) multiplier_ = 1;
    }
    /// Marks what is lost. Returns after how many microseconds more would be, 0 when nothing waits for that.
    u32 detect(Scoreboard& board, u32 now_us, u32 mss, bool recovering, u32 smoothed_us);

    u32 min_rtt_us() const { return min_rtt_ == ~u32{0} ? 0 : min_rtt_; }
    bool reordering_seen() const { return reordering_seen_; }

private:
    u32 window(const Scoreboard& board, u32 mss, bool recovering, u32 smoothed_us) const;

    u32 sent_us_ = 0, end_ = 0, rtt_us_ = 0;  ///< RACK.xmit_ts, RACK.end_seq, RACK.rtt
    u32 min_rtt_ = ~u32{0};
    u32 dsack_round_ = 0;
    u8 multiplier_ = 1;   ///< RACK.reo_wnd_mult
    u8 persist_ = 0;      ///< RACK.reo_wnd_persist
    bool started_ = false, reordering_seen_ = false, in_dsack_round_ = false;
};

}  // namespace spore::net::tcp
