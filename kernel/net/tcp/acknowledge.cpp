// What a segment's acknowledgement says [RFC 9293 3.10.7.4, fifth]: data arrived, the peer's window moved, or something is missing.
#include "kernel/net/tcp/control_block.hpp"

namespace spore::net::tcp {

namespace flag = wire::tcp;

/// Of something that was sent, and not too long ago [RFC 5961 5.2].
bool ControlBlock::plausible_acknowledgement(const Segment& segment) const {
    return !after(segment.acknowledgement, send_next_) && !before(segment.acknowledgement, send_unacknowledged_ - max_window_);
}

/// Of a plausible acknowledgement.
void ControlBlock::acknowledge(Segment& segment) {
    u32 ack = segment.acknowledgement;
    last_ack_ms_ = now_ms();
    u32 window = segment.has(flag::syn) ? segment.window : u32{segment.window} << send_scale_;
    bool moved = window != send_window_;
    if (!before(ack, send_unacknowledged_) &&
        (after(segment.sequence, window_sequence_) || (segment.sequence == window_sequence_ && !before(ack, window_acknowledgement_)))) {
        send_window_ = window;
        window_sequence_ = segment.sequence;
        window_acknowledgement_ = ack;
        max_window_ = std::max(max_window_, window);
    }

    Delivery delivery;
    u32 unacknowledged = send_unacknowledged_;
    if (segment.options.sack_count && sack_) [[unlikely]] take_sacks(segment, delivery);
    if (after(ack, unacknowledged)) {
        u32 advanced = ack - unacknowledged;
        board_.acknowledge(ack, now_us(), delivery);
        u32 data = std::min(advanced, queue_.size());
        queue_.drop_front(data);
        send_unacknowledged_ = ack;
        delivery.acknowledged = advanced;
        bytes_acknowledged_ += data;
        retries_ = 0;
        duplicate_acks_ = 0;
        stalled_since_ms_ = 0;
        if (queue_.empty()) open_frame_ = {};
        if (send_urgent_ && !before(ack, send_urgent_end_)) send_urgent_ = false;
        if (handed_over_) [[unlikely]] {
            u32 finished = handed_over_->finished();
            handed_over_->acknowledged(ack);
            tell_of_handed_over(finished);
        }
        if (!delivery.rtt_us && timestamps_ && segment.options.echo && delivery.any)  // a retransmission: the echo tells which one [RFC 7323 4.1]
            delivery.rtt_us = std::min<u32>((timestamp() - segment.options.echo) * 1000, RoundTrip::max_rto_us);
    } else {
        count_duplicate(segment, delivery);
        if (retransmit_kind_ == Retransmit::probe) {
            // Who answers probes is alive, however long its window stays closed [RFC 9293 3.8.6.1, MUST-37]. But a program that has gone is not kept
            // waiting by it [RFC 6429 3].
            if (!orphan_ || send_window_) retries_ = 0;
            if (send_window_) {
                stalled_since_ms_ = 0;
                rtt_.forget_backoff();
            }
        }
    }
    if (delivery.rtt_us) {
        rtt_.sample(delivery.rtt_us);
        congestion_.measure(ack, send_next_, delivery.rtt_us);
    }
    if (delivery.any) rack_.update(delivery, now_us());
    if (recovery_ != Recovery::open || board_.sacked() || board_.lost() || duplicate_acks_ || segment.has(flag::ece)) [[unlikely]] {
        recover(segment, delivery);
    } else if (delivery.acknowledged && window_limited_) {
        congestion_.grow(delivery.acknowledged, mss_, now_ms(), rtt_.smoothed_us());
    }
    if (tail_loss_sent_ && !before(ack, tail_loss_end_)) {
        // The probe was needed when nothing says that its bytes came twice: then something was lost after all [RFC 8985 7.4.2].
        if (tail_loss_repeats_ && delivery.acknowledged && recovery_ == Recovery::open && !segment.options.sack_count && ack == tail_loss_end_) {
            enter_reduced();
        }
        tail_loss_sent_ = tail_loss_repeats_ = false;
    }
    if (delivery.acknowledged) {
        rtt_.forget_backoff();
        set_retransmit_deadline();
        path_.confirm();
        if (fin_sent_ && ack == send_next_) acknowledged_fin();
    } else if (moved) {
        if (retransmit_kind_ == Retransmit::probe || retransmit_kind_ == Retransmit::none) set_retransmit_deadline();
    }
}

void ControlBlock::take_sacks(const Segment& segment, Delivery& delivery) {
    for (u32 i = 0; i < segment.options.sack_count; ++i) {
        auto block = segment.options.sack[i];
        if (!before(block.begin, block.end)) continue;
        bool contained = i == 0 && segment.options.sack_count > 1 && !before(block.begin, segment.options.sack[1].begin) &&
                         !after(block.end, segment.options.sack[1].end);
        if (!after(block.end, segment.acknowledgement) || contained) {  // it came twice [RFC 2883 4]
            if (i == 0 && !before(block.begin, send_unacknowledged_ - max_window_)) {
                rack_.duplicate_reported(segment.acknowledgement, send_next_);
                u32 segments = std::max((block.end - block.begin + mss_ - 1) / mss_, 1u);
                if (undo_possible_ && undo_left_ && (undo_left_ -= std::min(undo_left_, segments)) == 0) undo_reduction();
                if (tail_loss_repeats_ && block.end == tail_loss_end_) tail_loss_repeats_ = false;
            }
            continue;
        }
        if (before(block.begin, send_unacknowledged_) || after(block.end, send_next_)) continue;
        board_.mark_sacked(block, now_us(), delivery);
    }
}

/// A duplicate acknowledgement, for a peer without SACK: each tells that one segment has left the network [RFC 5681 2, RFC 6582].
void ControlBlock::count_duplicate(const Segment& segment, Delivery& delivery) {
    if (sack_ || board_.empty() || segment.size || segment.has(flag::fin) || segment.acknowledgement != send_unacknowledged_) return;
    if (u32{segment.window} << send_scale_ != send_window_ && duplicate_acks_ == 0) return;
    if (duplicate_acks_ < 255) ++duplicate_acks_;
    delivery.delivered += mss_;
    constexpr u8 threshold = 3;
    if (duplicate_acks_ != threshold || recovery_ != Recovery::open) return;
    auto& first = board_[0];
    if (first.size() > first.segment_size && !board_.cut(0, first.segment_size)) return;
    board_.mark_lost(board_[0]);
}

}  // namespace spore::net::tcp
