#include "kernel/drivers/virtio/packed_ring.hpp"

#include <atomic>

namespace spore::drivers::virtio {

using namespace wire::virtio;

void PackedRing::open(std::byte* base, u16 size, bool event_index) {
    descriptors_ = reinterpret_cast<volatile PackedDescriptor*>(base);
    driver_event_ = reinterpret_cast<volatile PackedEvent*>(base + driver_event(size));
    device_event_ = reinterpret_cast<volatile PackedEvent*>(base + device_event(size));
    size_ = size;
    event_index_ = event_index;
}

void PackedRing::offer(std::span<const Buffer> chain, u16 id) {
    auto& head = descriptors_[next_offer_];
    u16 head_flags = 0;
    for (std::size_t left = chain.size(); auto& buffer : chain) {
        u16 flags = offer_wrap_ ? packed_available : packed_used;
        if (buffer.direction == Buffer::Direction::from_device) flags |= descriptor_write;
        if (--left) flags |= descriptor_next;
        auto& descriptor = descriptors_[next_offer_];
        descriptor.address = buffer.address.value;
        descriptor.size = buffer.size;
        descriptor.id = id;
        if (&descriptor == &head) head_flags = flags;
        else descriptor.flags = flags;
        if (++next_offer_ == size_) {
            next_offer_ = 0;
            offer_wrap_ = !offer_wrap_;
        }
    }
    std::atomic_thread_fence(std::memory_order_release);  // the chain before its head's turn; pairs with the device's read of that
    head.flags = head_flags;
}

bool PackedRing::wants_notification(u16 added) const {
    u16 flags = device_event_->flags & 3;
    if (flags != packed_event_at_place) return flags != packed_event_never;
    u16 place = device_event_->place;
    auto event = static_cast<u16>(place & ~packed_event_wrap);
    // In the round before this one, it is a round behind us.
    if (static_cast<bool>(place & packed_event_wrap) != offer_wrap_) event = static_cast<u16>(event - size_);
    return static_cast<u16>(next_offer_ - event - 1) < added;
}

UsedElement PackedRing::next_used() const {
    std::atomic_thread_fence(std::memory_order_acquire);  // the turn before the rest; pairs with the device's write
    auto& descriptor = descriptors_[next_used_];
    return {descriptor.id, descriptor.size};
}

void PackedRing::skip(u16 length) {
    next_used_ = static_cast<u16>(next_used_ + length);
    if (next_used_ < size_) return;
    next_used_ = static_cast<u16>(next_used_ - size_);
    used_wrap_ = !used_wrap_;
}

void PackedRing::want_interrupts(bool wanted) {
    if (wanted && event_index_) {
        driver_event_->place = static_cast<u16>(next_used_ | (used_wrap_ ? packed_event_wrap : 0));
        std::atomic_thread_fence(std::memory_order_release);  // the place before what makes it count; pairs with the device's read
    }
    driver_event_->flags = !wanted ? packed_event_never : event_index_ ? packed_event_at_place : packed_event_always;
}

}  // namespace spore::drivers::virtio
