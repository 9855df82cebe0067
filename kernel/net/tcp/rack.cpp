#include "kernel/net/tcp/rack.hpp"

namespace spore::net::tcp {

void Rack::update(const Delivery& delivery, u32 now_us) {
    if (delivery.rtt_us) min_rtt_ = std::min(min_rtt_, delivery.rtt_us);
    if (delivery.reordered) reordering_seen_ = true;
    if (!delivery.any) return;
    // An answer quicker than any before answers the original, not the retransmission.
    if (delivery.latest_retransmitted && delivery.latest_rtt_us < min_rtt_us()) return;
    rtt_us_ = delivery.latest_rtt_us;
    if (started_ && (before(delivery.latest_sent_us, sent_us_) || (delivery.latest_sent_us == sent_us_ && !after(delivery.latest_end, end_)))) return;
    started_ = true;
    sent_us_ = delivery.latest_sent_us;
    end_ = delivery.latest_end;
}

void Rack::duplicate_reported(u32 acknowledged, u32 next_to_send) {
    if (in_dsack_round_ && before(acknowledged, dsack_round_)) return;  // once in a round trip
    in_dsack_round_ = true;
    dsack_round_ = next_to_send;
    if (multiplier_ < 255) ++multiplier_;
    persist_ = 16;
}

u32 Rack::window(const Scoreboard& board, u32 mss, bool recovering, u32 smoothed_us) const {
    constexpr u32 duplicate_threshold = 3;
    if (!reordering_seen_ && (recovering || board.sacked() >= duplicate_threshold * mss)) return 0;
    return std::min(multiplier_ * (min_rtt_us() / 4), smoothed_us);
}

u32 Rack::detect(Scoreboard& board, u32 now_us, u32 mss, bool recovering, u32 smoothed_us) {
    if (!started_) return 0;
    u32 patience = rtt_us_ + window(board, mss, recovering, smoothed_us), wait = 0;
    for (u32 i = 0; i < board.count(); ++i) {
        auto& record = board[i];
        if (record.sacked || record.lost) continue;
        bool sent_before = before(record.sent_us, sent_us_) || (record.sent_us == sent_us_ && before(record.end, end_));
        if (!sent_before) {
            if (!record.retransmitted) break;  // originals leave in order: later ones were not sent before either
            continue;
        }
        auto left = static_cast<i32>(record.sent_us + patience - now_us);
        if (left <= 0) board.mark_lost(record);
        else wait = std::max(wait, static_cast<u32>(left));
    }
    return wait;
}

}  // namespace spore::net::tcp
