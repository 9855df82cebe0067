// What may be sent now [RFC 9293 3.8.6.2, 3.7.4]: first what was lost, then new data as both windows allow, in full segments where possible.
#include "kernel/net/tcp/control_block.hpp"

namespace spore::net::tcp {

namespace flag = wire::tcp;

namespace {
/// How long corked data waits for more; as Linux does.
constexpr Duration hold_limit = Duration::ms(200);
constexpr u32 max_burst = 65'535 - 60 - 40;
}  // namespace

void ControlBlock::output() {
    if (!synchronized()) return;
    if (board_.lost()) [[unlikely]] retransmit_lost();
    u32 left = unsent();
    if (left && left < mss_ && !fin_queued_ && corked()) return hold();
    if (left || (fin_queued_ && !fin_sent_)) send_new();
}

/// The program has said that more follows, and may still be waited for.
bool ControlBlock::corked() const { return (options_.cork || more_) && !hold_over_; }

/// A segment that is not full goes when nothing like it is on the way (Nagle's algorithm [RFC 9293 3.7.4] as Minshall improved it), or the program wants it so.
bool ControlBlock::small_may_go() const {
    if (fin_queued_ || send_urgent_) return true;
    if (corked()) return false;
    return options_.no_delay || !after(small_end_, send_unacknowledged_);
}

/// How much of `left` unsent bytes goes in one piece when the windows have `room`; 0: wait.
u32 ControlBlock::next_piece(u32 left, u32 room) const {
    if (left <= mss_ && left <= room) return left == mss_ || small_may_go() ? left : 0;  // most answers
    u32 piece = std::min(left, room);
    u32 most = path_.max_segmented(v4_ ? device::Segmentation::tcp4 : device::Segmentation::tcp6);
    most = most > headers_size(v4_) + 60 ? std::min(most - headers_size(v4_) - 40, max_burst) : mss_;
    if (piece > std::max<u32>(most, mss_)) piece = std::max<u32>(most, mss_);
    u32 tail = piece % mss_;
    if (tail == 0) return piece;
    if (piece == left) return small_may_go() ? piece : piece - tail;
    // The window ends here. Silly windows are left alone, unless it is half of the largest that there ever was [RFC 9293 3.8.6.2.1].
    if (piece > tail) return piece - tail;
    return piece == send_unacknowledged_ + send_window_ - send_next_ && piece >= max_window_ / 2 && send_next_ == send_unacknowledged_ ? piece : 0;
}

/// Corked data goes when its time is over.
void ControlBlock::hold() {
    if (hold_at_ != Instant::never()) return;
    hold_at_ = now_ + hold_limit;
    wake_at(hold_at_);
}

void ControlBlock::send_new() {
    u32 idle_ms = now_ms() - last_sent_ms_;
    if (idle_ms >= RoundTrip::min_rto_us / 1000 && send_next_ == send_unacknowledged_ && last_sent_ms_ && rtt_.smoothed_us()) {
        u64 idle_us = u64{idle_ms} * 1000;
        auto timeout_us = static_cast<u64>(rtt_.timeout().nanoseconds / 1000);
        if (idle_us > timeout_us) congestion_.idle(static_cast<u32>(std::min<u64>(idle_us / timeout_us, 31)), mss_);
    }
    bool any = false;
    for (;;) {
        u32 left = unsent();
        u32 flight = in_flight(), edge = send_unacknowledged_ + send_window_;
        u32 congestion_room = congestion_.window() > flight ? congestion_.window() - flight : 0;
        u32 window_room = after(edge, send_next_) ? edge - send_next_ : 0;
        // Pieces are whole segments: a congestion window that has room for a part of one takes it all, as its peers do that count segments.
        if (congestion_room) congestion_room = (congestion_room + mss_ - 1) / mss_ * mss_;
        u32 piece = left ? next_piece(left, std::min(congestion_room, window_room)) : 0;
        bool fin = fin_queued_ && !fin_sent_ && piece == left && window_room > piece;
        if (piece == 0 && !fin) {
            window_limited_ = left && congestion_room < window_room;
            break;
        }
        if (board_.full()) break;
        u8 flags = flag::ack;
        if (piece == left && piece) flags |= flag::psh;
        if (fin) flags |= flag::fin;
        SentRecord record{.begin = send_next_, .end = send_next_, .sent_us = now_us(), .segment_size = mss_};
        u32 segment_before = mss_, sent = 0;
        if (!board_.sent(record)) break;
        if (!transmit(send_next_, piece, flags, sent)) {
            board_.unsend();
            if (mss_ < segment_before) continue;  // the path has become narrower
            break;
        }
        auto& sent_record = board_.back();
        sent_record.end += sent;
        send_next_ += sent;
        if (fin && sent == piece + 1) fin_sent_ = true;
        if (sent % mss_) small_end_ = send_next_;
        if (recovery_ == Recovery::fast || recovery_ == Recovery::reduced) recovery_sent_ += sent;
        last_sent_ms_ = now_ms();
        any = true;
    }
    if (congestion_.window() < in_flight() + mss_) window_limited_ = true;
    u32 left = unsent();
    if (left == 0) {
        hold_at_ = Instant::never();  // what is corked next waits for its own time
    } else if (corked()) {
        hold();
    }
    bool waits = left || (fin_queued_ && !fin_sent_);  // for the window: somebody must ask for it
    if (any || (waits && retransmit_kind_ == Retransmit::none)) set_retransmit_deadline();
}

}  // namespace spore::net::tcp
