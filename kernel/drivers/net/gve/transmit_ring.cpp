#include "kernel/drivers/net/gve/transmit_ring.hpp"

#include "wire/net/checksum.hpp"

namespace spore::drivers::gve {

using namespace wire::gve;
using device::Layer;
using device::Packet;
using device::Segmentation;

namespace {

constexpr u32 tcp_checksum_offset = 16;  // [RFC 9293 3.1]

bool is_cut(const Packet& packet) { return packet.segmentation != Segmentation::none; }
u32 segment_of(const Packet& packet) { return std::max<u32>(packet.segment_size, least_segment); }

/// Whether no segment lies in more pieces than the device takes, of which its headers are one. What two segments share counts for both.
bool lies_well(const Packet& packet) {
    u32 header = tcp_payload_offset(packet), segment = segment_of(packet);
    if (header > most_headers || header > packet.head().size() || segment > largest_segment) return false;
    u32 size = static_cast<u32>(packet.head().size()) - header, pieces = size > 0;
    for (auto& slice : packet.slices())
        for (u32 at = 0; at < slice.size; at += largest_piece) {
            if (size >= segment) {
                size %= segment;
                pieces = size > 0;
            }
            if (++pieces > most_pieces - 1) return false;
            size += std::min(slice.size - at, largest_piece);
        }
    return true;
}

/// The pseudo-header's sum in the packet has the length in it, which differs from segment to segment.
void take_length_off_sum(Packet& packet, u32 transport) {
    auto& field = *reinterpret_cast<be16*>(packet.layer(Layer::transport) + tcp_checksum_offset);
    u32 length = packet.size() - transport;
    u32 sum = u16{field} + (~length & 0xffff) + (~(length >> 16) & 0xffff);
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    field = static_cast<u16>(sum);
}

}  // namespace

Result<void> TransmitRing::prepare(u32 entries) {
    submitted_ = TRY(make_ring(entries * sizeof(SendDescriptor)));
    completed_ = TRY(make_ring(entries * sizeof(Sent)));
    entries_ = entries;
    return {};
}

void TransmitRing::clear() {
    __builtin_memset(submitted_.bytes(), 0, entries_ * sizeof(SendDescriptor));
    __builtin_memset(completed_.bytes(), 0, entries_ * sizeof(Sent));
    descriptors_ = reinterpret_cast<SendDescriptor*>(submitted_.bytes());
    completions_.open(completed_.bytes(), entries_);
    missed_.reset();
    tail_ = last_report_ = 0;
    broken_.store(false, std::memory_order_relaxed);
    busy_.store(false, std::memory_order_relaxed);
}

void TransmitRing::start(const QueueDoorbells& doorbells) {
    doorbells_ = doorbells;
    activate();
}

u32 TransmitRing::slots_for(const Packet& packet) { return 1 + is_cut(packet) + pieces_of(packet, largest_piece); }

u32 TransmitRing::most_slots(const Packet& packet) {
    if (is_cut(packet)) return lies_well(packet) ? size - 1 : 0;
    return packet.size() >= smallest_packet && packet.size() <= largest_packet ? 1 + most_pieces : 0;
}

void TransmitRing::put(const SendDescriptor& descriptor) {
    take_slot();
    descriptors_[tail_++ % entries_] = descriptor;
}

void TransmitRing::put(Packet& packet) {
    auto tag = static_cast<u16>(next());
    missed_.reset(tag);
    busy_.store(true, std::memory_order_relaxed);
    if (is_cut(packet)) {
        u32 header = tcp_payload_offset(packet);
        take_length_off_sum(packet, static_cast<u32>(packet.layer_offset(Layer::transport)));
        put(segments_of_packet(packet.size() - header, segment_of(packet), header));
    }
    put(context_of_packet());
    u32 sum = packet.checksum == device::Checksum::partial ? send_checksum : 0;
    for_each_piece(packet, largest_piece, [&](PhysAddr address, u32 count, bool is_last) {
        u32 flags = sum | (is_last ? send_last : 0);
        if (is_last && tail_ - last_report_ >= report_interval) {
            flags |= send_report;
            last_report_ = tail_;
        }
        put(piece_of_packet(address.value, count, tag, flags));
    });
}

void TransmitRing::tell(u32) { doorbells_.tell(tail_ % entries_); }

void TransmitRing::reclaim() {
    u32 before = oldest();
    while (has_sent())
        if (!see(completions_.take())) return broken_.store(true, std::memory_order_relaxed);
    if (oldest() != before) passed_.fetch_add(1, std::memory_order_relaxed);
    busy_.store(used(), std::memory_order_relaxed);
}

/// False when the device broke the rules. What it says too early of a packet, or once too often of one that is on its way, is not believed, as its own
/// driver does not: a packet that does not get on gets the device reset.
bool TransmitRing::see(const Sent& sent) {
    u32 tag = sent.tag;
    auto type = static_cast<SentType>(sent.type());
    if (type == SentType::fetched) return tag < entries_;
    if (type == SentType::packet && tag & missed_tag) {
        tag &= ~u32{missed_tag};
        type = SentType::missed;
    }
    if (!holds(tag)) return false;
    switch (type) {
    case SentType::missed: missed_.set(tag); return true;
    case SentType::packet: return missed_.test(tag) || let_go_of(tag);
    case SentType::reinjected: return !missed_.test(tag) || let_go_of(tag);
    case SentType::fetched: break;
    }
    return false;
}

u32 TransmitRing::times_stuck(bool sends) {
    u32 passed = passed_.load(std::memory_order_relaxed);
    bool stuck = sends && busy_.load(std::memory_order_relaxed) && !has_sent() && passed == last_passed_;
    last_passed_ = passed;
    return times_stuck_ = stuck ? times_stuck_ + 1 : 0;
}

}  // namespace spore::drivers::gve
