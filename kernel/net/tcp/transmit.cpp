// Making segments. Headers lie in the packet's own bytes, the payload in slices of the send queue; a small payload is copied behind the header, so that the device gets
// one piece of memory.
#include "kernel/net/tcp/batch.hpp"
#include "kernel/net/tcp/control_block.hpp"

namespace spore::net::tcp {

using device::Packet;
namespace flag = wire::tcp;

namespace {
u32 tcp_header_size(bool timestamps) { return sizeof(flag::Header) + (timestamps ? flag::timestamps_size : 0); }
}  // namespace

u32 ControlBlock::queue_begin() const {
    return state_ == State::syn_sent || state_ == State::syn_received ? iss_ + 1 : send_unacknowledged_;
}

/// Sends [sequence, sequence + size) of the queue with what belongs behind it. `sent` may be less than `size` (fewer slices fit). False when nothing left.
bool ControlBlock::transmit(u32 sequence, u32 size, u8 flags, u32& sent) {
    auto created = Packet::create();
    if (!created) return count_drop(Drop::no_memory), false;
    auto packet = std::move(*created);
    u32 offset = sequence - queue_begin();
    if (size && size <= packet->tailroom()) {
        queue_.copy_out(offset, packet->append(size));
    } else if (size) {
        u32 added = queue_.attach(*packet, offset, size);
        if (added < size) {
            if (added > mss_) added -= added % mss_;
            packet->truncate(added);
            flags &= static_cast<u8>(~(flag::fin | flag::psh));
            size = added;
        }
    }
    sent = size + (flags & flag::fin ? 1 : 0);
    if (size > mss_) {
        packet->segmentation = v4_ ? device::Segmentation::tcp4 : device::Segmentation::tcp6;
        packet->segment_size = mss_;
        packet->segments = static_cast<u16>((size + mss_ - 1) / mss_);
    }
    return finish_segment(std::move(packet), sequence, flags, size).has_value();
}

/// Puts the header in front and lets it go.
Result<void> ControlBlock::finish_segment(Owned<Packet> packet, u32 sequence, u8 flags, u32 payload) {
    u32 size = tcp_header_size(timestamps_);
    u32 sacks = 0;
    flag::SackBlock blocks[4];
    bool gaps = payload == 0 && sack_ && (reassembly_ || duplicate_) && !(flags & (flag::rst | flag::fin));
    if (gaps) [[unlikely]] {
        if (duplicate_) blocks[sacks++] = duplicate_block_;  // [RFC 2883 4]
        u32 most = timestamps_ ? 3 : 4;
        if (reassembly_) sacks += reassembly_->blocks(blocks + sacks, most - sacks);
        duplicate_ = false;
        size += sacks ? 4 + 8 * sacks : 0;
    }
    auto head = packet->push(size);
    packet->mark(device::Layer::transport);
    auto& header = *reinterpret_cast<flag::Header*>(head.data());
    header.source_port = local_port;
    header.destination_port = remote_port;
    header.sequence = sequence;
    header.acknowledgement = receive_next_;
    header.data_offset = static_cast<u8>(size / 4 << 4);
    header.window = window_field();
    header.urgent = 0;
    if (send_urgent_ && payload && before(sequence, send_urgent_end_)) [[unlikely]] {
        header.urgent = static_cast<u16>(std::min<u32>(send_urgent_end_ - sequence, 0xffff));
        flags |= flag::urg;
    }
    u8 traffic_class = options_.traffic_class;
    if (ecn_) [[unlikely]] {
        if (echo_congestion_) flags |= flag::ece;
        if (payload) {  // only new data may be marked [RFC 3168 6.1.5]
            if (sequence == send_next_) traffic_class = static_cast<u8>((traffic_class & ~3) | 2);
            if (tell_reduced_ && sequence == send_next_) flags |= flag::cwr, tell_reduced_ = false;
        }
    }
    header.flags = flags;
    auto* at = head.data() + sizeof(flag::Header);
    if (timestamps_) {
        flag::write_aligned_timestamps(at, timestamp(), recent_timestamp_);
        at += flag::timestamps_size;
    }
    if (sacks) [[unlikely]] {
        flag::Options options;
        std::copy_n(blocks, sacks, options.sack);
        options.sack_count = static_cast<u8>(sacks);
        flag::write_options({at, 4 + 8 * sacks}, options);
    }
    u32 sum = u32{address_sum_} + size + payload;
    header.checksum = static_cast<u16>((sum & 0xffff) + (sum >> 16));
    packet->checksum = device::Checksum::partial;
    packet->checksum_offset = flag::checksum_offset;

    // What this segment acknowledges need not be acknowledged on its own.
    if (payload && (ack_due_ || Duration::ms(now_ms() - last_received_ms_) < delayed_ack)) interactive_ = answered_ = true;
    ack_due_ = ack_now_ = false;
    ack_at_ = Instant::never();
    last_ack_sent_ = receive_next_;
    ++segments_out_;
    bytes_sent_ += payload;
    auto result = path_.send(std::move(packet), {.protocol = flag::protocol_number, .hop_limit = options_.hop_limit, .traffic_class = traffic_class,
                                                   .dont_fragment = !options_.may_be_cut});
    if (result) return {};
    if (result.error() == Error::message_too_long) {
        update_mss();
        return result;
    }
    return {};  // lost before it left: found out like any loss
}

void ControlBlock::send_ack() {
    auto packet = Packet::create();
    if (!packet) {  // tried again with the next segment, or by the timer
        count_drop(Drop::no_memory);
        ack_at_ = now_ + delayed_ack;
        return wake_at(ack_at_);
    }
    (void)finish_segment(std::move(*packet), send_next_, flag::ack, 0);  // too small to be too long
}

void ControlBlock::send_reset(u32 sequence) {
    auto packet = Packet::create();
    if (!packet) return count_drop(Drop::no_memory);
    (void)finish_segment(std::move(*packet), sequence, flag::rst | flag::ack, 0);  // too small to be too long
}

}  // namespace spore::net::tcp
