// What happens when acknowledgements do not come: retransmission timeout [RFC 6298], tail loss probe [RFC 8985 7], RACK's reordering timer, probes of a closed
// window [RFC 9293 3.8.6.1], and when to give up [RFC 9293 3.8.3].
#include "kernel/net/tcp/control_block.hpp"

namespace spore::net::tcp {

namespace flag = wire::tcp;

namespace {
/// R2: about a quarter of an hour with back-off; Linux's tcp_retries2, and tcp_orphan_retries when no program waits.
constexpr u8 max_retries = 15, max_orphan_retries = 8;
/// Timeouts in a row after which large segments are suspected of being lost for their size [RFC 4821 7.7, RFC 8899].
constexpr u8 black_hole_retries = 3;
constexpr Duration peer_ack_delay = Duration::ms(200);  ///< WCDelAckT [RFC 8985 7.2]
}  // namespace

/// Chooses what the next deadline is for. Called when data left, or was acknowledged.
void ControlBlock::set_retransmit_deadline() {
    if (retransmit_kind_ == Retransmit::reordering && board_.count()) return;  // that comes first
    if (board_.empty()) {
        // Everything has arrived. When the window is closed for what is left, it is asked for again.
        bool blocked = unsent() || (fin_queued_ && !fin_sent_);
        if (blocked) return retransmit_after(rtt_.timeout(), Retransmit::probe);
        retransmit_kind_ = Retransmit::none;
        retransmit_at_ = Instant::never();
        return;
    }
    auto timeout = rtt_.timeout();
    auto kind = Retransmit::timeout;
    if (sack_ && recovery_ == Recovery::open && !board_.sacked() && !tail_loss_sent_ && rtt_.smoothed_us()) {
        auto probe = Duration::us(i64{rtt_.smoothed_us()} * 2);
        probe = probe + (send_next_ - send_unacknowledged_ <= mss_ ? peer_ack_delay : Duration::ms(2));
        if (probe < timeout) {
            kind = Retransmit::tail_loss;
            timeout = probe;
        }
    }
    retransmit_after(timeout, kind);
}

/// The user timeout counts from the first of what the peer owes an answer for [RFC 9293 3.8.3], and is the last deadline that there is.
void ControlBlock::retransmit_after(Duration span, Retransmit kind) {
    if (stalled_since_ms_ == 0) stalled_since_ms_ = std::max<u32>(now_ms(), 1);
    if (options_.user_timeout > Duration{}) [[unlikely]] {
        auto left = std::max(options_.user_timeout - stalled(), Duration::ms(1));
        if (left <= span) {
            span = left;
            if (kind == Retransmit::tail_loss) kind = Retransmit::timeout;
        }
    }
    retransmit_kind_ = kind;
    retransmit_at_ = now_ + span;
    wake_at(retransmit_at_);
}

bool ControlBlock::user_timeout_over() const {
    return options_.user_timeout > Duration{} && stalled_since_ms_ && stalled() >= options_.user_timeout;
}

void ControlBlock::retransmit_due() {
    auto kind = retransmit_kind_;
    retransmit_at_ = Instant::never();
    retransmit_kind_ = Retransmit::none;
    if (state_ == State::syn_sent || state_ == State::syn_received) return syn_due();
    switch (kind) {
        case Retransmit::none: return;
        case Retransmit::timeout: return timeout_due();
        case Retransmit::tail_loss: return tail_loss_due();
        case Retransmit::probe: return probe_due();
        case Retransmit::reordering:
            detect_losses();
            if (board_.lost() && (recovery_ == Recovery::open || recovery_ == Recovery::reduced)) enter_recovery();
            if (recovery_ == Recovery::fast) reduce_proportionally({});
            output();
            if (retransmit_kind_ == Retransmit::none) set_retransmit_deadline();
            return;
    }
}

/// New data, or the last segment once more, so that an acknowledgement comes that tells what is missing.
void ControlBlock::tail_loss_due() {
    tail_loss_sent_ = true;
    tail_loss_end_ = send_next_;
    u32 before_probe = send_next_;
    if (unsent() && after(send_unacknowledged_ + send_window_, send_next_)) {
        u32 window = congestion_.window();
        congestion_.set_window(in_flight() + mss_);  // one segment beyond the window
        output();
        congestion_.set_window(window);
        tail_loss_end_ = send_next_;
    }
    if (send_next_ == before_probe && board_.count()) {
        u32 last = board_.count() - 1;
        auto& record = board_.back();
        u32 whole = (record.size() - 1) / record.segment_size * record.segment_size;
        if (whole && board_.cut(last, whole)) ++last;
        tail_loss_repeats_ = true;
        retransmit(board_[last]);
    }
    retransmit_after(rtt_.timeout(), Retransmit::timeout);
}

/// Whether the connection has been silent for too long; it is gone then.
bool ControlBlock::given_up() {
    auto limit = orphan_ ? max_orphan_retries : max_retries;
    bool too_long = options_.user_timeout > Duration{} ? user_timeout_over() : retries_ >= limit;  // [RFC 5482]
    // Data behind a window that was taken back is not what a connection ends for while the peer answers [RFC 9293 3.8.6, SHLD-17].
    bool kept_out = send_window_ == 0 && !orphan_ && now_ms() - last_ack_ms_ < 2 * (RoundTrip::max_rto_us / 1000);
    if (too_long && kept_out && options_.user_timeout <= Duration{}) {
        retries_ = static_cast<u8>(limit - 1);
        return false;
    }
    if (!too_long) return false;
    abort(has_error_ ? error_ : Error::timed_out);
    return true;
}

void ControlBlock::timeout_due() {
    if (board_.empty()) return;
    if (given_up()) return;
    ++retries_;
    if (recovery_ != Recovery::loss) {
        if (recovery_ == Recovery::open) prior_window_ = congestion_.window(), prior_threshold_ = congestion_.threshold();
        congestion_.collapse(in_flight(), mss_);
        undo_possible_ = true;
        undo_left_ = 0;
        first_retransmission_ = 0;
    } else {
        congestion_.set_window(mss_);
    }
    recovery_ = Recovery::loss;
    recovery_end_ = send_next_;
    recovery_sent_ = 0;
    duplicate_acks_ = 0;
    tail_loss_sent_ = tail_loss_repeats_ = false;
    // A peer that has dropped what it had reported would never report it again [RFC 2018 8]. It surely has when its acknowledgements stop just there.
    bool reneged = board_[0].sacked;
    board_.mark_all_lost(reneged || retries_ > 1 ? Scoreboard::Sacked::forget : Scoreboard::Sacked::keep);
    if (retries_ >= black_hole_retries && !probed_mtu_ && mss_ > default_mss_v4) {
        probed_mtu_ = true;
        u32 narrow = v4_ ? 576 : 1280;
        path_mtu_ = static_cast<u16>(narrow);
        update_mss();
        for (u32 i = 0; i < board_.count(); ++i) board_[i].segment_size = std::min(board_[i].segment_size, mss_);
        congestion_.set_window(mss_);
    }
    rtt_.back_off();
    retransmit_lost();
    retransmit_after(rtt_.timeout(), Retransmit::timeout);
}

void ControlBlock::syn_due() {
    if (retries_ >= options_.syn_retries || user_timeout_over())
        return abort(has_error_ ? error_ : Error::timed_out);
    ++retries_;
    ++retransmissions_;
    rtt_.back_off();
    send_syn();
}

void ControlBlock::probe_due() {
    if (given_up()) return;
    u32 edge = send_unacknowledged_ + send_window_;
    if (after(edge, send_next_)) {
        // There is some room, though not for a full segment, or memory was short: what fits goes [RFC 9293 3.8.6.2.1 (4), the override].
        u32 piece = std::min({edge - send_next_, unsent(), u32{mss_}}), sent = 0;
        u8 flags = static_cast<u8>(flag::ack | (piece ? flag::psh : 0));
        bool fin = fin_queued_ && piece == unsent() && edge - send_next_ > piece;
        if (fin) flags |= flag::fin;
        SentRecord record{.begin = send_next_, .end = send_next_, .sent_us = now_us(), .segment_size = mss_};
        if ((piece || fin) && board_.sent(record)) {
            if (transmit(send_next_, piece, flags, sent)) {
                board_.back().end += sent;
                send_next_ += sent;
                small_end_ = send_next_;
                if (sent == piece + 1) fin_sent_ = true;
                return set_retransmit_deadline();
            }
            board_.unsend();
        }
    }
    send_probe();
    ++retries_;
    rtt_.back_off();
    retransmit_after(rtt_.timeout(), Retransmit::probe);
}

/// An old sequence number, which the peer must answer with where it stands [RFC 9293 3.8.4].
void ControlBlock::send_probe() {
    auto packet = device::Packet::create();
    if (!packet) return count_drop(Drop::no_memory);
    (void)finish_segment(std::move(*packet), send_unacknowledged_ - 1, flag::ack, 0);  // too small to be too long
}

}  // namespace spore::net::tcp
