#include "kernel/drivers/net/vmxnet3/transmit_ring.hpp"

#include <algorithm>

#include "arch/mmu.hpp"
#include "base/locked.hpp"
#include "kernel/drivers/net/fewer_pieces.hpp"
#include "wire/net/checksum.hpp"
#include "wire/net/ipv4.hpp"

namespace spore::drivers::vmxnet3 {

using namespace wire::vmxnet3;
using device::Layer;
using device::Packet;
using device::Segmentation;

namespace {

constexpr u32 tcp_data_offset = 12;  // [RFC 9293 3.1]

u32 pieces_of(const Packet& packet) {
    u32 count = 1;
    for (auto& slice : packet.slices()) count += (slice.size + largest_piece - 1) / largest_piece;
    return count;
}
bool has_few_pieces(const Packet& packet) {
    return pieces_of(packet) <= (packet.segmentation == Segmentation::none ? most_pieces : most_segmented_pieces);
}

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
    auto* tcp = packet.layer(Layer::transport);
    auto& field = *reinterpret_cast<be16*>(tcp + packet.checksum_offset);
    wire::InternetSum sum;
    sum.add(u16{field});
    sum.add(static_cast<u16>(~(packet.size() - transport)));
    field = sum.fold();
    return {packet.segment_size, (transport + (u32{static_cast<u8>(tcp[tcp_data_offset])} >> 4 << 2)) | mode_segments};
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
    Guard guard(lock_);
    interrupt_ = interrupt;
    registers_ = &registers;
    active_ = true;
}

void TransmitRing::transmit(device::PacketList& packets) {
    Guard guard(lock_);
    if (!active_) [[unlikely]] return packets.clear();
    reclaim();
    waiting_.append(packets);
    send_waiting();
}

void TransmitRing::poll() {
    if (!completions_.has_news()) return;
    if (waits()) lock_.lock();  // whoever holds the lock may have looked for the last time
    else if (!lock_.try_lock()) return;  // whoever holds it does the same
    if (active_) {
        reclaim();
        if (!waiting_.empty()) send_waiting();
    }
    lock_.unlock();
}

u64 TransmitRing::untaken() {
    Guard guard(lock_);
    if (!active_) return 0;
    reclaim();
    if (!waiting_.empty()) send_waiting();
    return waiting_.count() + used();
}

void TransmitRing::close() {
    Guard guard(lock_);
    active_ = false;
    waiting_.clear();
    for (auto& packet : packets_) Owned<Packet>(std::exchange(packet, nullptr)).reset();
}

void TransmitRing::reclaim() {
    while (completions_.has_news() && !broken()) let_go(completions_.take().slot());
}

/// Of all packets up to the one that ends there.
void TransmitRing::let_go(u32 last) {
    u32 left = (last + size - oldest_) % size + 1;
    if (last >= size || left > used()) return broken_.store(true, std::memory_order_relaxed);
    while (left) {
        u32 end = last_of_[oldest_], count = (end + size - oldest_) % size + 1;
        if (count > left) return broken_.store(true, std::memory_order_relaxed);
        Owned<Packet>(std::exchange(packets_[oldest_], nullptr)).reset();
        oldest_ = (end + 1) % size;
        left -= count;
    }
}

void TransmitRing::send_waiting() {
    u32 shown = next_;
    while (auto* first = waiting_.first()) {
        if (!has_few_pieces(*first)) [[unlikely]] {
            auto smaller = in_fewer_pieces(*first);
            waiting_.pop_front();
            if (!smaller || !has_few_pieces(**smaller)) ++counters.send_queue_full;
            else waiting_.push_front(std::move(*smaller));
            continue;
        }
        if (!send(*first)) {
            show(shown);
            // Nothing else may happen before there is room. What was sent meanwhile interrupts now, or is seen here.
            if (!waits_.exchange(true, std::memory_order_seq_cst)) want_interrupt();
            if (!completions_.has_news() || broken()) break;
            reclaim();
            continue;
        }
        (void)waiting_.pop_front().release();  // the ring's now
    }
    for (; waiting_.count() > max_waiting; ++counters.send_queue_full) waiting_.pop_front();
    waits_.store(!waiting_.empty(), std::memory_order_relaxed);
    show(shown);
}

void TransmitRing::want_interrupt() {
    if (interrupt_ && waits()) registers_->write(static_cast<u32>(QueueRegister::interrupt_mask) + interrupt_ * 8, 0);
}

/// Shows the card what it does not know of yet.
void TransmitRing::show(u32& shown) {
    if (next_ == shown) return;
    shown = next_;
    std::atomic_thread_fence(std::memory_order_release);  // the descriptors before the number; pairs with the card's read
    registers_->write(static_cast<u32>(QueueRegister::sent), next_);
    ++counters.notifications;
}

void TransmitRing::put(PhysAddr address, u32 low, u32 high) {
    auto& place = descriptors_[next_];
    place.address = address.value;
    place.high = high;
    place.low = low;
    if (next_ == size - 1) generation_ ^= send_generation;
    next_ = (next_ + 1) % size;
}

/// False when there is no room for it.
bool TransmitRing::send(Packet& packet) {
    if (size - 1 - used() < pieces_of(packet)) return false;
    u32 first = next_, left = packet.size();
    counters.bytes_sent += left;
    ++counters.packets_sent;
    auto piece = [&](PhysAddr address, u32 count, u32 low, u32 high) {
        left -= count;
        last_of_[first] = static_cast<u16>(next_);
        put(address, (count % largest_piece) | low, high | (left ? 0 : send_end | send_report));
    };
    auto head = packet.head();
    auto offload = offload_for(packet);
    u32 head_low = generation_ | offload.argument << argument_shift;
    piece(arch::physical(head.data()), static_cast<u32>(head.size()), head_low ^ send_generation, offload.headers_and_mode);
    for (auto& slice : packet.slices())
        for (u32 at = 0; at < slice.size; at += largest_piece) piece(slice.address() + at, std::min(slice.size - at, largest_piece), generation_, 0);
    packets_[first] = &packet;
    std::atomic_thread_fence(std::memory_order_release);  // the rest before the first one's generation; pairs with the card's read
    descriptors_[first].low = static_cast<u32>(head.size()) | head_low;
    return true;
}

}  // namespace spore::drivers::vmxnet3
