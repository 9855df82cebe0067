// After loss: what is sent again and how fast [RFC 6675, RFC 6937], when it is over, and what happens when it was none [RFC 3522, RFC 2883].
#include "kernel/net/tcp/control_block.hpp"

namespace spore::net::tcp {

namespace flag = wire::tcp;

void ControlBlock::recover(const Segment& segment, const Delivery& delivery) {
    if (undo_possible_ && delivery.acknowledged && was_spurious(segment)) undo_reduction();
    bool over = recovery_ != Recovery::open && !before(send_unacknowledged_, recovery_end_);
    if (over) leave_recovery();
    if (sack_) {
        detect_losses();
    } else if (recovery_ == Recovery::fast && delivery.acknowledged && !board_.empty()) {
        // A partial acknowledgement: the next segment is missing, too [RFC 6582 3.2 step 3].
        auto& first = board_[0];
        if (!first.retransmitted && (first.size() <= first.segment_size || board_.cut(0, first.segment_size))) board_.mark_lost(board_[0]);
    }
    if (board_.lost() && (recovery_ == Recovery::open || recovery_ == Recovery::reduced)) {
        enter_recovery();
    } else if (segment.has(flag::ece) && ecn_ && recovery_ == Recovery::open) {
        enter_reduced();
        tell_reduced_ = true;
    }
    switch (recovery_) {
        case Recovery::fast:
        case Recovery::reduced: reduce_proportionally(delivery); break;
        case Recovery::loss:
            if (delivery.acknowledged) congestion_.grow(delivery.acknowledged, mss_, now_ms(), rtt_.smoothed_us());
            break;
        case Recovery::open:
            if (delivery.acknowledged && !over && window_limited_) congestion_.grow(delivery.acknowledged, mss_, now_ms(), rtt_.smoothed_us());
            break;
    }
}

void ControlBlock::detect_losses() {
    u32 wait = rack_.detect(board_, now_us(), mss_, recovery_ != Recovery::open, rtt_.smoothed_us());
    if (!wait) {
        if (retransmit_kind_ == Retransmit::reordering) retransmit_kind_ = Retransmit::none, set_retransmit_deadline();
        return;
    }
    retransmit_kind_ = Retransmit::reordering;
    retransmit_at_ = now_ + Duration::us(wait);
    wake_at(retransmit_at_);
}

void ControlBlock::enter_recovery() {
    if (recovery_ == Recovery::open) {
        prior_window_ = congestion_.window();
        prior_threshold_ = congestion_.threshold();
        congestion_.reduce(mss_);
        recovery_flight_ = std::max<u32>(send_next_ - send_unacknowledged_, mss_);
        recovery_delivered_ = recovery_sent_ = 0;
    }
    recovery_ = Recovery::fast;
    recovery_end_ = send_next_;
    undo_possible_ = true;
    undo_left_ = 0;
    first_retransmission_ = 0;
    if (retransmit_kind_ == Retransmit::tail_loss) set_retransmit_deadline();  // the tail is not probed in recovery [RFC 8985 7.2]
}

/// A reduction without loss: ECN, or a tail that had to be probed.
void ControlBlock::enter_reduced() {
    congestion_.reduce(mss_);
    recovery_ = Recovery::reduced;
    recovery_end_ = send_next_;
    recovery_flight_ = std::max<u32>(send_next_ - send_unacknowledged_, mss_);
    recovery_delivered_ = recovery_sent_ = 0;
    undo_possible_ = false;
}

/// Proportional rate reduction with the slow-start bound: as much goes out as the threshold's share of what arrived [RFC 6937 3].
void ControlBlock::reduce_proportionally(const Delivery& delivery) {
    recovery_delivered_ += delivery.delivered;
    u32 pipe = in_flight(), threshold = congestion_.threshold();
    i64 count;
    if (pipe > threshold) {
        count = static_cast<i64>((u64{recovery_delivered_} * threshold + recovery_flight_ - 1) / recovery_flight_) - recovery_sent_;
    } else {
        i64 limit = std::max<i64>(i64{recovery_delivered_} - recovery_sent_, delivery.delivered) + mss_;
        count = std::min<i64>(i64{threshold} - pipe, limit);
    }
    // The first retransmission always goes [RFC 6937 3, fast retransmit].
    if (recovery_sent_ == 0 && count < mss_) count = mss_;
    congestion_.set_window(pipe + static_cast<u32>(std::max<i64>(count, 0)));
}

void ControlBlock::leave_recovery() {
    if (recovery_ != Recovery::loss) congestion_.set_window(std::min(congestion_.threshold(), std::max(congestion_.window(), congestion_.threshold())));
    if (recovery_ == Recovery::fast) rack_.recovery_ended();
    recovery_ = Recovery::open;
    undo_possible_ = false;
    duplicate_acks_ = 0;
}

/// Eifel: the echo in the first acknowledgement after a retransmission is older than the retransmission: the original had arrived [RFC 3522 3.2].
bool ControlBlock::was_spurious(const Segment& segment) {
    return timestamps_ && first_retransmission_ && segment.options.echo && before(segment.options.echo, first_retransmission_);
}

void ControlBlock::undo_reduction() {
    congestion_.undo(prior_window_, prior_threshold_);
    board_.unmark_lost();
    recovery_ = Recovery::open;
    undo_possible_ = false;
    rtt_.forget_backoff();
}

void ControlBlock::retransmit_lost() {
    for (;;) {
        u32 flight = in_flight();
        if (flight >= congestion_.window()) return;
        auto* record = board_.next_lost(congestion_.window() - flight);
        u32 sent = record ? retransmit(*record) : 0;
        if (!sent) return;
        recovery_sent_ += sent;
    }
}

/// Sends a record again, at once; how much of it, 0 for nothing.
u32 ControlBlock::retransmit(SentRecord& record) {
    if (before(record.begin, queue_begin())) return 0;  // a SYN: syn_due()
    bool fin = after(record.end, queue_begin() + queue_.size());
    u32 sent = 0, begin = record.begin;
    if (!transmit(begin, record.size() - (fin ? 1 : 0), static_cast<u8>(flag::ack | (fin ? flag::fin : flag::psh)), sent)) return 0;
    if (sent < record.size()) {  // too many small pieces for one packet: the rest becomes a record of its own
        u32 index = 0;
        while (board_[index].begin != begin) ++index;
        if (!board_.cut(index, sent)) return 0;  // without memory it stays lost, and is sent once more
        board_.mark_retransmitted(board_[index], now_us());
    } else {
        board_.mark_retransmitted(record, now_us());
    }
    ++retransmissions_;
    bytes_retransmitted_ += sent;
    undo_left_ += std::max((sent + mss_ - 1) / mss_, 1u);  // each segment of it is reported, if it arrives twice
    if (!first_retransmission_) first_retransmission_ = timestamps_ ? timestamp() : 1;
    last_sent_ms_ = now_ms();
    return sent;
}

}  // namespace spore::net::tcp
