// A packed ring [virtio 1.2 2.8]: one array of descriptors that driver and device go round. The driver writes chains, each with an id; the device
// writes one descriptor for each that it has finished with, and both skip as many as the chain had. What each chain's length was, the
// driver remembers itself: the array is the device's to write.
#pragma once

#include <span>

#include "kernel/drivers/virtio/buffer.hpp"
#include "wire/virtio.hpp"

namespace spore::drivers::virtio {

class PackedRing {
public:
    /// Where the parts lie behind the descriptors.
    static constexpr u64 driver_event(u16 size) { return u64{size} * sizeof(wire::virtio::PackedDescriptor); }
    static constexpr u64 device_event(u16 size) { return driver_event(size) + sizeof(wire::virtio::PackedEvent); }
    static constexpr u64 bytes(u16 size) { return device_event(size) + sizeof(wire::virtio::PackedEvent); }

    /// `base`: zeros.
    void open(std::byte* base, u16 size, bool event_index);

    /// Shows a chain to the device; there are as many free descriptors.
    void offer(std::span<const Buffer> chain, u16 id);
    /// Whether the device wants to be told of the last `added` descriptors.
    bool wants_notification(u16 added) const;

    bool has_news() const {
        u16 turn = descriptors_[next_used_].flags & (wire::virtio::packed_available | wire::virtio::packed_used);
        return turn == (used_wrap_ ? wire::virtio::packed_available | wire::virtio::packed_used : 0);
    }
    /// With news: the id of a chain that the device has finished with, and how much it wrote. Not checked.
    wire::virtio::UsedElement next_used() const;
    /// Past that chain, which had so many descriptors.
    void skip(u16 length);

    void want_interrupts(bool wanted);

private:
    volatile wire::virtio::PackedDescriptor* descriptors_ = nullptr;
    volatile wire::virtio::PackedEvent* driver_event_ = nullptr;
    volatile wire::virtio::PackedEvent* device_event_ = nullptr;
    u16 size_ = 0;
    u16 next_offer_ = 0, next_used_ = 0;
    bool offer_wrap_ = true, used_wrap_ = true;  ///< change with each round
    bool event_index_ = false;
};

}  // namespace spore::drivers::virtio
