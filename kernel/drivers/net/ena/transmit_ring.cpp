#include "kernel/drivers/net/ena/transmit_ring.hpp"

#include "arch/combined_memory.hpp"

namespace spore::drivers::ena {

using namespace wire::ena;
using device::Layer;
using device::Packet;
using device::Segmentation;

namespace {

constexpr u16 tcp_checksum_offset = 16, ethernet_ip6 = 0x86dd;  // [RFC 9293 3.1, 8200 3]

bool is_ip6(const Packet& packet) { return u16{*reinterpret_cast<const be16*>(packet.layer(Layer::network) - 2)} == ethernet_ip6; }

/// What the first descriptor says of a packet with Checksum::partial.
u32 offloads_of(const Packet& packet) {
    if (packet.checksum != device::Checksum::partial) return 0;
    bool cut = packet.segmentation != Segmentation::none, v6 = is_ip6(packet);
    u32 what = sum_transport | (packet.checksum_offset == tcp_checksum_offset ? tcp : udp) | (cut ? cut_segments : has_pseudo_sum);
    if (v6) return what | ip6 | no_fragments;
    // The field of the header's flags, of which DF is one [RFC 791 3.1].
    bool whole = static_cast<u8>(packet.layer(Layer::network)[6]) & 0x40;
    return what | ip4 | (whole ? no_fragments : 0) | (cut ? sum_ip : 0);
}

}  // namespace

Result<void> TransmitRing::prepare() {
    static_assert(size * sizeof(Descriptor) == page_size && size * sizeof(Sent) <= page_size);
    submissions_ = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames()));
    completed_ = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames()));
    completions_.open(completed_.bytes(), size);
    return {};
}

void TransmitRing::start(const QueuePair& queues, const Memory& memory, const Limits& limits, bool own_interrupt) {
    queues_ = queues;
    limits_ = limits;
    own_interrupt_ = own_interrupt;
    __builtin_memset(submissions_.bytes(), 0, page_size);
    __builtin_memset(completed_.bytes(), 0, page_size);
    descriptors_ = reinterpret_cast<volatile Descriptor*>(submissions_.bytes());
    entries_ = limits.entry_size ? memory.words + queues.memory_offset() / sizeof(u64) : nullptr;
    completions_.open(completed_.bytes(), size);
    tail_ = told_ = 0;
    meta_ = 0;
    broken_.store(false, std::memory_order_relaxed);
    activate();
}

void TransmitRing::reclaim() {
    while (has_sent()) {
        u32 first = completions_.take().request;
        if (!let_go_of(first)) return broken_.store(true, std::memory_order_relaxed);
    }
}

void TransmitRing::tell() {
    if (std::exchange(told_, tail_) == tail_) return;
    if (entries_) arch::settle_combined();
    queues_.tell(tail_);
}

void TransmitRing::put(Descriptor descriptor) {
    if (entries_) {
        if (in_entry_ == room_in_entry_) flush_entry();
        descriptor.low |= phase();
        __builtin_memcpy(entry_ + in_entry_++ * sizeof descriptor, &descriptor, sizeof descriptor);
        return;
    }
    auto& place = descriptors_[take_slot()];
    place.what = descriptor.what;
    place.address = descriptor.address;
    place.high = descriptor.high;
    std::atomic_thread_fence(std::memory_order_release);  // the rest before the phase; pairs with the device's read
    place.low = descriptor.low | phase();
    ++tail_;
}

void TransmitRing::flush_entry() {
    auto* to = entries_ + take_slot() * (limits_.entry_size / sizeof(u64));
    for (u32 i = 0; i < limits_.entry_size / sizeof(u64); ++i) {
        u64 word;
        __builtin_memcpy(&word, entry_ + i * sizeof word, sizeof word);
        to[i] = word;
    }
    ++tail_;
    __builtin_memset(entry_, 0, limits_.entry_size);
    in_entry_ = 0;
    room_in_entry_ = limits_.entry_size / sizeof(Descriptor);
}

/// The packet's first bytes have their place behind so many descriptors.
void TransmitRing::begin_entries(const Packet& packet) {
    if (limits_.most_burst) {
        u32 needed = 1 + slots_for(packet) / (limits_.entry_size / sizeof(Descriptor));
        if (static_cast<u16>(tail_ - told_) + needed > limits_.most_burst) tell();
    }
    __builtin_memset(entry_, 0, limits_.entry_size);
    in_entry_ = 0;
    room_in_entry_ = before_header;
    __builtin_memcpy(entry_ + before_header * sizeof(Descriptor), packet.head().data(), std::min<std::size_t>(packet.head().size(), limits_.header_size));
}

void TransmitRing::put_meta(const Packet& packet) {
    bool partial = packet.checksum == device::Checksum::partial;
    if (!partial && limits_.stores_meta) return;
    Descriptor meta = meta_descriptor(0, 0, 0, 0);
    if (partial) {
        auto network = static_cast<u32>(packet.layer_offset(Layer::network)), transport = static_cast<u32>(packet.layer_offset(Layer::transport));
        bool cut = packet.segmentation != Segmentation::none;
        meta = meta_descriptor(network, transport - network, cut ? (tcp_payload_offset(packet) - transport) / 4 : 0, cut ? packet.segment_size : 0);
    }
    u64 key = meta.low | u64{meta.address} << 32;
    if (limits_.stores_meta && std::exchange(meta_, key) == key) return;
    meta.low |= send_first;
    put(meta);
    first_ = 0;
}

void TransmitRing::put(Packet& packet) {
    u32 request = next();
    auto header = static_cast<u32>(std::min<std::size_t>(packet.head().size(), limits_.header_size));
    if (entries_) begin_entries(packet);
    first_ = send_first;
    put_meta(packet);
    Descriptor descriptor{.low = first_ | send_report | request >> request_high_bits << request_high_shift, .what = offloads_of(packet) | request << request_low_shift,
                          .address = 0, .high = header << header_size_shift};
    u32 pushed = entries_ ? header : 0;
    bool is_whole = pushed == packet.size();
    for_each_piece(packet, largest_piece, [&](PhysAddr address, u32 count, bool is_last) {
        address = address + pushed;
        count -= std::exchange(pushed, 0);
        if (!count && !is_whole) return;
        descriptor.low |= count | (is_last ? send_last : 0);
        if (count) {
            descriptor.address = static_cast<u32>(address.value);
            descriptor.high |= static_cast<u32>(address.value >> 32) & 0xffff;
        }
        put(descriptor);
        descriptor = {};
    });
    if (entries_) flush_entry();
}

}  // namespace spore::drivers::ena
