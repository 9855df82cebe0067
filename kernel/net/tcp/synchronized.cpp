// A segment in a synchronized state, in the order of RFC 9293 3.10.7.4, with the checks of RFC 7323 and RFC 5961.
#include "kernel/net/tcp/batch.hpp"
#include "kernel/net/tcp/control_block.hpp"

namespace spore::net::tcp {

using device::Packet;
namespace flag = wire::tcp;

namespace {
/// TS.Recent says nothing any more after 24 days [RFC 7323 5.5].
constexpr u32 recent_lifetime_ms = 24u * 24 * 3600 * 1000;
/// Between two challenges of one connection [RFC 5961 7]; a common limit would tell an attacker of other connections.
constexpr u32 challenge_interval_ms = 500;
}  // namespace

void ControlBlock::input_synchronized(Segment& segment, Owned<Packet> packet) {
    if (timestamps_ && !passes_timestamps(segment)) return count_drop(Drop::outside_window);
    if (!acceptable(segment, *packet)) return;
    if (segment.has(flag::rst)) {  // exactly the next one, or it may be forged [RFC 5961 3.2]
        if (segment.sequence != receive_next_) return challenge();
        return abort(state_ == State::syn_received ? Error::connection_refused
                                                   : state_ == State::close_wait ? Error::broken_pipe : Error::connection_reset);
    }
    if (segment.has(flag::syn)) {
        // The peer's SYN once more is answered once more; with an acknowledgement, when both began at once, it opens the connection [RFC 9293 3.5
        // figure 7]. Any other may be forged [RFC 5961 4.2].
        if (state_ != State::syn_received || segment.sequence != irs_) return challenge();
        if (!segment.has(flag::ack) || passive_) return send_syn();
    }
    if (!segment.has(flag::ack)) return;
    // Whoever guesses a sequence number must not set TS.Recent: the peer's segments would all be old then.
    if (state_ == State::syn_received) {
        if (!passes_syn_received(segment)) return;
    } else if (!plausible_acknowledgement(segment)) {
        return challenge();
    }
    if (timestamps_) note_timestamp(segment);
    if (ecn_) {
        if (segment.has(flag::cwr)) echo_congestion_ = false;
        if (segment.congestion_experienced) echo_congestion_ = true, ack_now_ = true;
    }
    keep_alive_probes_ = 0;
    acknowledge(segment);
    if (state_ == State::closed || segment.has(flag::syn)) return;
    if (segment.has(flag::urg)) input_urgent(segment);
    bool takes_data = state_ == State::established || state_ == State::fin_wait_1 || state_ == State::fin_wait_2;
    if (!takes_data) {
        if (segment.length()) ack_now_ = true;
        return;
    }
    if (segment.size && (orphan_ || (reading_shut_ && fin_queued_))) {  // nobody will read it [RFC 2525 2.17]
        send_reset(send_next_);
        return abort(Error::connection_reset);
    }
    if (segment.length()) take_data(segment, std::move(packet));
}

/// PAWS [RFC 7323 5.3 R1].
bool ControlBlock::passes_timestamps(const Segment& segment) {
    if (!segment.options.timestamps) return segment.has(flag::rst);  // [3.2]: dropped silently, unless RST
    if (!before(segment.options.timestamp, recent_timestamp_) || segment.has(flag::rst)) return true;
    if (now_ms() - recent_timestamp_ms_ > recent_lifetime_ms) return true;
    if (segment.size && !after(segment.end(), receive_next_) && sack_) {  // an old duplicate [RFC 2883 4]
        duplicate_ = true;
        duplicate_block_ = {segment.sequence, segment.end()};
    }
    challenge();
    return false;
}

/// TS.Recent follows the segment that the last acknowledgement waits for [RFC 7323 4.3].
[[gnu::always_inline]] void ControlBlock::note_timestamp(const Segment& segment) {
    if (!segment.options.timestamps || after(segment.sequence, last_ack_sent_) || before(segment.options.timestamp, recent_timestamp_)) return;
    recent_timestamp_ = segment.options.timestamp;
    recent_timestamp_ms_ = now_ms();
}

/// Whether any of the segment lies in the receive window [RFC 9293 3.10.7.4, first]; cuts off what does not.
bool ControlBlock::acceptable(Segment& segment, Packet& packet) {
    u32 begin = segment.sequence, end = segment.end();
    if (before(begin, receive_next_)) {
        u32 old = receive_next_ - begin;
        bool all_old = old >= segment.length();
        if (all_old && segment.length() && !segment.has(flag::rst)) {
            // All of it came before. Its acknowledgement may still be news; its window is not, by its old sequence number.
            if (segment.size && sack_) duplicate_ = true, duplicate_block_ = {begin, begin + segment.size};
            ack_now_ = true;
            if (segment.has(flag::syn)) return segment.sequence == irs_ && state_ == State::syn_received;
            packet.truncate(0);
            segment.size = 0;
            segment.flags &= static_cast<u8>(~flag::fin);
            return segment.has(flag::ack);
        }
        if (all_old) {  // a keep-alive probe, or an acknowledgement that came late
            if (segment.has(flag::rst)) return false;
            if (begin != receive_next_ - 1 && old > window_limit_) {
                challenge();
                return false;
            }
            ack_now_ = true;
            return true;
        }
        if (segment.has(flag::syn) || segment.has(flag::rst)) {  // what is cut off would make a RST's number the right one
            challenge();
            return false;
        }
        if (sack_) duplicate_ = true, duplicate_block_ = {begin, receive_next_};
        packet.drop_front(old);
        segment.size -= old;
        segment.sequence = receive_next_;
        ack_now_ = true;
    }
    if (after(end, receive_edge_)) {
        u32 room = after(receive_edge_, segment.sequence) ? receive_edge_ - segment.sequence : 0;
        bool at_edge = segment.sequence == receive_edge_ && segment.sequence == receive_next_;
        if (room == 0 && !at_edge && segment.sequence != receive_edge_) {
            if (!segment.has(flag::rst)) ack_now_ = true;
            count_drop(Drop::outside_window);
            return false;
        }
        if (segment.length()) ack_now_ = true;  // a probe of the closed window
        segment.flags &= static_cast<u8>(~flag::fin);
        if (segment.size > room) {
            packet.truncate(room);
            segment.size = room;
        }
    }
    return true;
}

void ControlBlock::challenge() {
    u32 now = now_ms();
    if (last_challenge_ms_ && now - last_challenge_ms_ < challenge_interval_ms) return count_drop(Drop::rate_limit);
    last_challenge_ms_ = std::max<u32>(now, 1);
    ack_now_ = true;
}

/// Our FIN has arrived [RFC 9293 3.10.7.4, fifth].
void ControlBlock::acknowledged_fin() {
    switch (state_) {
        case State::fin_wait_1:
            state_ = State::fin_wait_2;
            if (orphan_) await_fin();
            break;
        case State::closing:
            if (ack_now_) send_ack();  // its FIN came in the same batch
            enter_time_wait();
            break;
        case State::last_ack: note_end(End::closed); break;
        default: break;
    }
    publish(Ready::out);  // a lingering close waits for this, and nothing else of what poll() says need change
}

/// The peer's FIN is next in order [eighth].
void ControlBlock::input_fin() {
    fin_received_ = true;
    ++receive_next_;
    ack_now_ = true;
    arrived_ = true;
    switch (state_) {
        case State::syn_received:
        case State::established: state_ = State::close_wait; break;
        case State::fin_wait_1: state_ = State::closing; break;  // our FIN is not acknowledged, or we would be in FIN-WAIT-2
        case State::fin_wait_2:
            send_ack();
            enter_time_wait();
            break;
        default: break;
    }
}

}  // namespace spore::net::tcp
