#include "kernel/drivers/net/e1000/transmit_ring.hpp"

#include <algorithm>

#include "arch/mmu.hpp"
#include "kernel/drivers/net/e1000/segmentation.hpp"

namespace spore::drivers::e1000 {

using namespace wire::e1000;
using device::Packet;

namespace {

/// What one descriptor takes on every controller: a part of its packet buffer.
constexpr u32 piece_size = 4096;

/// Descriptors for the packet, the one for its context included.
u32 descriptors_for(const Packet& packet) {
    u32 count = 2;
    for (auto& slice : packet.slices()) count += (slice.size + piece_size - 1) / piece_size;
    return count;
}

}  // namespace

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
    return {};
}

void TransmitRing::transmit(device::PacketList& packets) {
    Guard guard(lock_);
    if (!hardware_) [[unlikely]] return packets.clear();
    reclaim();
    waiting_.append(packets);
    send_waiting();
}

void TransmitRing::poll() {
    if (!has_sent()) return;
    if (waits()) lock_.lock();  // whoever holds the lock may have looked for the last time
    else if (!lock_.try_lock()) return;  // whoever holds it does the same
    if (hardware_) {
        reclaim();
        if (!waiting_.empty()) send_waiting();
    }
    lock_.unlock();
}

u64 TransmitRing::untaken() {
    Guard guard(lock_);
    if (!hardware_) return 0;
    reclaim();
    if (!waiting_.empty()) send_waiting();
    return waiting_.count() + (next_ + size - oldest_) % size;
}

void TransmitRing::close() {
    Guard guard(lock_);
    hardware_ = nullptr;
    waiting_.clear();
    for (auto& packet : packets_) Owned<Packet>(std::exchange(packet, nullptr)).reset();
}

void TransmitRing::reclaim() {
    while (has_sent()) {
        Owned<Packet>(std::exchange(packets_[oldest_], nullptr)).reset();
        oldest_ = (last_of_[oldest_] + 1u) % size;
    }
}

void TransmitRing::send_waiting() {
    u32 shown = next_;
    while (auto* first = waiting_.first()) {
        if (descriptors_for(*first) >= size) [[unlikely]] {  // pieces without end
            ++counters.send_queue_full;
            waiting_.pop_front();
            continue;
        }
        if (!send(*first)) {
            show(shown);
            // Nothing else may happen before there is room. What was sent meanwhile interrupts now, or is seen here.
            if (!waits_.exchange(true, std::memory_order_seq_cst)) hardware_->write(Register::interrupt_set, sent_cause_);
            if (!has_sent()) break;
            reclaim();
            continue;
        }
        (void)waiting_.pop_front().release();  // the ring's now
    }
    for (; waiting_.count() > max_waiting; ++counters.send_queue_full) waiting_.pop_front();
    waits_.store(!waiting_.empty(), std::memory_order_relaxed);
    show(shown);
}

/// Shows the device what it does not know of yet.
void TransmitRing::show(u32& shown) {
    if (next_ == shown) return;
    shown = next_;
    std::atomic_thread_fence(std::memory_order_release);  // the descriptors before the tail; pairs with the device's read
    hardware_->write(Register::transmit_tail, next_);
    ++counters.notifications;
}

void TransmitRing::put(u64 low, u64 high) {
    descriptors_[next_].low = low;
    descriptors_[next_].high = high;
    next_ = (next_ + 1) % size;
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

/// False when there is no room for it.
bool TransmitRing::send(Packet& packet) {
    if (free() < descriptors_for(packet)) return false;
    u32 first = next_, left = packet.size();
    counters.bytes_sent += left;
    ++counters.packets_sent;
    u64 what = data_kind | command_extended | command_crc | put_context(packet);
    auto piece = [&](PhysAddr address, u32 count) {
        left -= count;
        last_of_[first] = static_cast<u16>(next_);
        put(address.value, count | what | (left ? 0 : command_end | command_report));
    };
    piece(arch::physical(packet.head().data()), static_cast<u32>(packet.head().size()));
    for (auto& slice : packet.slices())
        for (u32 at = 0; at < slice.size; at += piece_size) piece(slice.address() + at, std::min(slice.size - at, piece_size));
    packets_[first] = &packet;
    return true;
}

}  // namespace spore::drivers::e1000
