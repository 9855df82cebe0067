#include "kernel/drivers/net/e1000/transmit_ring.hpp"

#include "kernel/drivers/net/e1000/segmentation.hpp"

namespace spore::drivers::e1000 {

using namespace wire::e1000;
using device::Packet;

namespace {
/// What one descriptor takes on every controller: a part of its packet buffer.
constexpr u32 piece_size = 4096;
}  // namespace

/// The one for its context included.
u32 TransmitRing::slots_for(const Packet& packet) { return 1 + pieces_of(packet, piece_size); }

Result<void> TransmitRing::open(Hardware& hardware) {
    static_assert(size * sizeof(Descriptor) == page_size);
    ring_ = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames()));
    descriptors_ = reinterpret_cast<volatile Descriptor*>(ring_.bytes());
    hardware_ = &hardware;
    auto address = ring_.address().value;
    hardware.write(Register::transmit_base_low, static_cast<u32>(address));
    hardware.write(Register::transmit_base_high, static_cast<u32>(address >> 32));
    hardware.write(Register::transmit_length, size * sizeof(Descriptor));
    hardware.write(Register::transmit_head, 0);
    hardware.write(Register::transmit_tail, 0);
    activate();
    return {};
}

void TransmitRing::put(u64 low, u64 high) {
    auto& place = descriptors_[take_slot()];
    place.low = low;
    place.high = high;
}

/// Says where the packet's checksums are, unless the device knows; what its data descriptors must say.
u64 TransmitRing::put_context(Packet& packet) {
    if (packet.checksum != device::Checksum::partial) return 0;
    auto places = checksum_places(packet);
    u64 low = context_low(places);
    if (packet.segmentation == device::Segmentation::none) {
        if (low != context_) put(low, context_high(0, 0, 0, 0));
        context_ = low;
        return option_transport_checksum;
    }
    auto segments = prepare_segments(packet);
    put(low, context_high(segments.payload, context_tcp | context_ipv4 | command_segment, segments.header_size, packet.segment_size));
    context_ = 0;  // controllers have one or two of them, and this was one
    return command_segment | option_transport_checksum | option_ip_checksum;
}

void TransmitRing::put(Packet& packet) {
    u64 what = data_kind | command_extended | command_crc | put_context(packet);
    for_each_piece(packet, piece_size,
                   [&](PhysAddr address, u32 count, bool is_last) { put(address.value, count | what | (is_last ? command_end | command_report : 0)); });
}

}  // namespace spore::drivers::e1000
