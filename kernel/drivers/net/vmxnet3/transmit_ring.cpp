#include "kernel/drivers/net/vmxnet3/transmit_ring.hpp"

#include "wire/net/checksum.hpp"
#include "wire/net/ipv4.hpp"

namespace spore::drivers::vmxnet3 {

using namespace wire::vmxnet3;
using device::Layer;
using device::Packet;
using device::Segmentation;

namespace {

/// What the first descriptor says of the packet: `low`'s argument, and of `high` the headers' size and the mode.
struct Offload {
    u32 argument = 0, headers_and_mode = 0;
};
Offload offload_for(Packet& packet) {
    if (packet.checksum != device::Checksum::partial) return {};
    auto transport = static_cast<u32>(packet.layer_offset(Layer::transport));
    if (packet.segmentation == Segmentation::none) return {transport + packet.checksum_offset, transport | mode_checksum};
    if (packet.segmentation == Segmentation::tcp4) reinterpret_cast<wire::ipv4::Header*>(packet.layer(Layer::network))->checksum = 0;
    // The card adds to the pseudo-header's sum the length, which differs from segment to segment: what is in place is without.
    auto& field = *reinterpret_cast<be16*>(packet.layer(Layer::transport) + packet.checksum_offset);
    wire::InternetSum sum;
    sum.add(u16{field});
    sum.add(static_cast<u16>(~(packet.size() - transport)));
    field = sum.fold();
    return {packet.segment_size, tcp_payload_offset(packet) | mode_segments};
}

}  // namespace

Result<void> TransmitRing::open(SendQueue& queue) {
    static_assert(size * sizeof(Descriptor) == page_size && decltype(completions_)::bytes == page_size);
    ring_ = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames()));
    completed_ = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames()));
    descriptors_ = reinterpret_cast<volatile Descriptor*>(ring_.bytes());
    completions_.open(completed_.bytes());
    queue.ring = ring_.address().value;
    queue.completions = completed_.address().value;
    queue.ring_size = queue.completions_size = size;
    return {};
}

void TransmitRing::start(Hardware& registers, u32 interrupt) {
    interrupt_ = interrupt;
    registers_ = &registers;
    activate();
}

void TransmitRing::reclaim() {
    while (has_sent()) let_go_up_to(completions_.take().slot());
}

/// Of all packets up to the one that ends there.
void TransmitRing::let_go_up_to(u32 last) {
    u32 left = (last + size - oldest()) % size + 1;
    if (last >= size || left > used()) return broken_.store(true, std::memory_order_relaxed);
    while (left) {
        u32 count = (last_of(oldest()) + size - oldest()) % size + 1;
        if (count > left) return broken_.store(true, std::memory_order_relaxed);
        let_go();
        left -= count;
    }
}

void TransmitRing::want_interrupt() {
    if (interrupt_ && waits()) registers_->write(static_cast<u32>(QueueRegister::interrupt_mask) + interrupt_ * 8, 0);
}

void TransmitRing::put(PhysAddr address, u32 low, u32 high) {
    u32 slot = take_slot();
    auto& place = descriptors_[slot];
    place.address = address.value;
    place.high = high;
    place.low = low;
    if (slot == size - 1) generation_ ^= send_generation;
}

void TransmitRing::put(Packet& packet) {
    u32 first = next();
    auto offload = offload_for(packet);
    u32 low = generation_ | offload.argument << argument_shift, high = offload.headers_and_mode;
    u32 head_low = static_cast<u32>(packet.head().size()) | low;
    low ^= send_generation;  // the first one is shown last
    for_each_piece(packet, largest_piece, [&](PhysAddr address, u32 count, bool is_last) {
        put(address, (count % largest_piece) | low, high | (is_last ? send_end | send_report : 0));
        low = generation_;
        high = 0;
    });
    std::atomic_thread_fence(std::memory_order_release);  // the rest before the first one's generation; pairs with the card's read
    descriptors_[first].low = head_low;
}

}  // namespace spore::drivers::vmxnet3
