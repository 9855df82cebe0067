// How a connection begins: our SYN and what answers it [RFC 9293 3.5, 3.10.7.3], and what both sides agree on.
#include "kernel/net/tcp/control_block.hpp"
#include "kernel/net/tcp/fast_open.hpp"
#include "kernel/net/tcp/reply.hpp"
#include "kernel/net/tcp/secret.hpp"

namespace spore::net::tcp {

using device::Packet;
namespace flag = wire::tcp;

Handshake Handshake::from(const Segment& syn, u8 our_scale) {
    Handshake result{.iss = 0, .irs = syn.sequence};
    result.peer_mss = syn.options.mss;
    result.scaling = syn.options.scale != flag::Options::no_scale;
    if (result.scaling) {
        result.send_scale = std::min(syn.options.scale, max_scale);  // [RFC 7323 2.3]
        result.receive_scale = our_scale;
    }
    result.timestamps = syn.options.timestamps;
    result.recent_timestamp = syn.options.timestamp;
    result.sack = syn.options.sack_permitted;
    return result;
}

flag::Options syn_options(u32 mss, u8 scale, u32 timestamp, u32 echo, const Handshake* answered) {
    flag::Options options;
    options.mss = static_cast<u16>(mss);
    if (!answered || answered->scaling) options.scale = scale;
    options.sack_permitted = !answered || answered->sack;
    options.timestamps = !answered || answered->timestamps;
    options.timestamp = timestamp;
    options.echo = echo;
    return options;
}

void ControlBlock::agree(const Handshake& handshake) {
    iss_ = handshake.iss;
    irs_ = handshake.irs;
    peer_mss_ = handshake.peer_mss;
    send_scale_ = handshake.send_scale;
    receive_scale_ = handshake.scaling ? handshake.receive_scale : 0;
    timestamps_ = handshake.timestamps;
    sack_ = handshake.sack;
    ecn_ = handshake.ecn;
    timestamp_offset_ = handshake.timestamp_offset;
    recent_timestamp_ = handshake.recent_timestamp;
    recent_timestamp_ms_ = now_ms();
    receive_next_ = read_next_ = last_ack_sent_ = irs_ + 1;
    update_mss();
    congestion_.start(options_.congestion, mss_);
}

/// Payload of a full segment, after the path's size or the options have become known [RFC 9293 3.7.1, RFC 6691].
void ControlBlock::update_mss() {
    u32 mtu = path_.mtu();
    if (path_mtu_ && path_mtu_ < mtu) mtu = path_mtu_;
    u32 mss = std::max(mtu, headers_size(v4_) + min_mss) - headers_size(v4_);
    mss = std::min(mss, peer_mss_ ? u32{peer_mss_} : v4_ ? default_mss_v4 : default_mss_v6);
    if (options_.max_segment) mss = std::min<u32>(mss, options_.max_segment);
    mss = std::max(mss, min_mss) - (timestamps_ ? flag::timestamps_size : 0);
    mss_ = static_cast<u16>(mss);
    if (receive_mss_ == 0) {
        u32 ours = path_.mtu() > headers_size(v4_) + min_mss ? path_.mtu() - headers_size(v4_) : min_mss;
        if (options_.max_segment) ours = std::max(std::min<u32>(ours, options_.max_segment), min_mss);
        receive_mss_ = static_cast<u16>(std::min<u32>(ours, 0xffff));
    }
}

/// The first SYN, or once more: a SYN, or SYN-ACK when the peer's has come.
void ControlBlock::send_syn() {
    bool answers = state_ == State::syn_received;
    Handshake agreed{.iss = iss_, .irs = irs_, .scaling = scaling_, .timestamps = timestamps_, .sack = sack_};
    auto options = syn_options(receive_mss_, receive_scale_, timestamp(), recent_timestamp_, answers ? &agreed : nullptr);
    // Data in a SYN: with a cookie that the server gave us before [RFC 7413 4.2]. A SYN that was lost may have been lost for that: without it then.
    u32 data = 0;
    if (!answers && options_.fast_open_connect && retries_ == 0) data = request_fast_open(TableEntry::remote, options, queue_.size(), headers_size(v4_), path_.mtu());
    auto sent = send_reply({.path = &path_, .local = local(), .remote = remote(), .sequence = iss_, .acknowledgement = answers ? receive_next_ : 0,
                            .flags = static_cast<u8>(flag::syn | (answers ? flag::ack | (ecn_ ? flag::ece : 0) : 0)),
                            .window = static_cast<u16>(std::min<u32>(window_limit_, 0xffff)), .hop_limit = options_.hop_limit,
                            .traffic_class = options_.traffic_class, .options = &options},
                           data ? &queue_ : nullptr, data);
    ++segments_out_;
    if (answers) last_ack_sent_ = receive_next_, ack_now_ = ack_due_ = false;
    if (!before(iss_ + 1 + data, send_next_)) send_next_ = iss_ + 1 + (sent ? data : 0);
    receive_edge_ = answers ? later(receive_edge_, receive_next_ + std::min<u32>(window_limit_, 0xffff)) : 0;
    retransmit_after(rtt_.timeout(), Retransmit::timeout);
    if (retries_ == 0) last_sent_ms_ = now_ms(), syn_sent_us_ = now_us();
}

/// [RFC 9293 3.10.7.3]
void ControlBlock::input_syn_sent(Segment& segment, Owned<Packet> packet) {
    bool acknowledges = segment.has(flag::ack);
    if (acknowledges && (!after(segment.acknowledgement, iss_) || after(segment.acknowledgement, send_next_))) {
        if (!segment.has(flag::rst)) send_reset_for(segment, local(), remote());
        return;
    }
    // An echo of what we did not send [RFC 7323 5.2 is about later segments; this one must be ours].
    if (segment.has(flag::rst)) {
        if (acknowledges) abort(Error::connection_refused);
        return;
    }
    if (!segment.has(flag::syn)) return;
    auto handshake = Handshake::from(segment, receive_scale_);
    handshake.iss = iss_;
    handshake.timestamp_offset = timestamp_offset_;
    scaling_ = handshake.scaling;
    if (segment.options.fast_open || segment.options.mss) learn_fast_open(TableEntry::remote, segment.options);
    u32 sent_with_syn = send_next_ - iss_ - 1;
    agree(handshake);
    receive_edge_ = receive_next_ + std::min<u32>(window_limit_, 0xffff);
    window_sequence_ = segment.sequence;
    send_window_ = max_window_ = segment.window;
    if (!acknowledges) {  // both began at once [RFC 9293 3.5 figure 7]
        state_ = State::syn_received;
        retries_ = 0;
        send_syn();
        return;
    }
    window_acknowledgement_ = segment.acknowledgement;
    measure_handshake(segment);
    establish();
    // What went with the SYN and was not taken is sent again, as new data [RFC 7413 4.2.2].
    u32 taken = segment.acknowledgement - iss_ - 1;
    queue_.drop_front(std::min(taken, sent_with_syn));
    send_unacknowledged_ = send_next_ = segment.acknowledgement;
    // The acknowledgement rides on data when there is some; a program that speaks first would otherwise send two segments.
    ack_now_ = true;
    if (segment.size || segment.has(flag::fin)) {
        segment.sequence = receive_next_;
        segment.flags &= static_cast<u8>(~flag::syn);
        take_data(segment, std::move(packet));
    }
}

/// The acknowledgement of our SYN in SYN-RECEIVED [RFC 9293 3.10.7.4, fifth].
bool ControlBlock::passes_syn_received(const Segment& segment) {
    if (!after(segment.acknowledgement, send_unacknowledged_) || after(segment.acknowledgement, send_next_)) {
        send_reset_for(segment, local(), remote());
        return false;
    }
    measure_handshake(segment);
    send_unacknowledged_ = iss_ + 1;
    send_window_ = max_window_ = segment.has(flag::syn) ? segment.window : u32{segment.window} << send_scale_;  // [RFC 7323 2.2]
    window_sequence_ = segment.sequence;
    window_acknowledgement_ = segment.acknowledgement;
    establish();
    if (fin_queued_) state_ = fin_received_ ? State::last_ack : State::fin_wait_1;
    else if (fin_received_) state_ = State::close_wait;
    set_retransmit_deadline();
    return true;
}

/// Which of several SYNs was answered only an echo tells [RFC 6298 3, 7323 4.1].
void ControlBlock::measure_handshake(const Segment& segment) {
    if (retries_ == 0 && syn_sent_us_) rtt_.sample(now_us() - syn_sent_us_);
    else if (timestamps_ && segment.options.timestamps && segment.options.echo) rtt_.sample(std::min((timestamp() - segment.options.echo) * 1000, RoundTrip::max_rto_us));
    else rtt_.distrust();
}

void ControlBlock::establish() {
    state_ = State::established;
    retries_ = 0;
    stalled_since_ms_ = 0;
    rtt_.forget_backoff();
    retransmit_kind_ = Retransmit::none;
    retransmit_at_ = Instant::never();
    if (options_.keep_alive) start_keep_alive();
    arrived_ = true;
}

void ControlBlock::accept_handshake(const Handshake& handshake, u32 peer_window) {
    stamp(time::now());
    agree(handshake);
    scaling_ = handshake.scaling;
    passive_ = true;
    send_unacknowledged_ = send_next_ = iss_ + 1;
    small_end_ = send_unacknowledged_;
    receive_edge_ = receive_next_ + handshake.receive_window;
    send_window_ = max_window_ = peer_window;
    window_sequence_ = irs_;
    window_acknowledgement_ = send_unacknowledged_;
    if (handshake.rtt_us) rtt_.sample(handshake.rtt_us);
    else rtt_.distrust();
    state_ = State::established;
    if (options_.keep_alive) start_keep_alive();
    ready_.store(static_cast<u32>(what_is_ready()), std::memory_order_relaxed);
}

/// The SYN's data is taken before the handshake is finished [RFC 7413 4.2.2].
void ControlBlock::accept_fast_open(const Handshake& handshake, Segment& syn, Owned<Packet> packet) {
    stamp(time::now());
    agree(handshake);
    scaling_ = handshake.scaling;
    passive_ = true;
    send_unacknowledged_ = small_end_ = iss_;
    send_next_ = iss_ + 1;
    receive_edge_ = receive_next_ + initial_receive_window;
    window_sequence_ = irs_;
    state_ = State::syn_received;
    syn.sequence = receive_next_;
    syn.flags &= static_cast<u8>(~flag::syn);
    if (syn.length()) take_data(syn, std::move(packet));
    send_syn();
    ready_.store(static_cast<u32>(what_is_ready()), std::memory_order_relaxed);
}

}  // namespace spore::net::tcp
