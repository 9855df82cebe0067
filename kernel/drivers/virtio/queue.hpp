// A split virtqueue [virtio 1.2 2.7]: chains of buffers go to the device, and come back with how much it wrote.
// One queue is used by one caller at a time; its owner locks.
#pragma once

#include <optional>

#include "kernel/drivers/virtio/device.hpp"
#include "kernel/memory/frame.hpp"

namespace spore::drivers::virtio {

/// A piece of physical memory for the device to read or to write.
struct Buffer {
    PhysAddr address;
    u32 size;
    enum class Direction : u8 { to_device, from_device } direction;
};

class Queue {
public:
    /// Makes rings for at most `size` buffers and installs them as the device's queue `index`. At most 128, so that all of it
    /// fits in one page.
    static Result<Owned<Queue>> create(Device& device, u16 index, u16 size, bool event_index);

    u16 size() const { return size_; }
    u16 free_buffers() const { return free_count_; }

    /// Offers a chain; `token` (below size()) comes back with it. no_space when there are too few free descriptors.
    Result<void> offer(std::span<const Buffer> chain, u16 token);
    /// Tells the device of what was offered since, unless it does not want to know.
    void notify();

    struct Done {
        u16 token;
        u32 written;
    };
    /// A chain that the device has finished with.
    std::optional<Done> take();
    /// Whether take() would give something.
    bool has_news() const { return used_->index != taken_; }

    /// Whether the device should interrupt for what it finishes. After turning it on, call take() once more.
    void want_interrupts(bool wanted);

    static constexpr u16 max_size = 128;

private:
    Queue(Device& device, u16 index, u16 size, bool event_index, memory::FrameRef rings);

    struct Ring {
        volatile u16 flags;
        volatile u16 index;
    };
    volatile u16* available_entries() { return reinterpret_cast<volatile u16*>(available_ + 1); }
    volatile wire::virtio::UsedElement* used_entries() { return reinterpret_cast<volatile wire::virtio::UsedElement*>(used_ + 1); }
    /// With event index: the used index after which the driver wants an interrupt, and the available index after which the device
    /// wants a notification [2.7.10].
    volatile u16& used_event() { return available_entries()[size_]; }
    volatile u16& available_event() { return *reinterpret_cast<volatile u16*>(used_entries() + size_); }

    Device& device_;
    memory::FrameRef rings_;
    wire::virtio::Descriptor* descriptors_;
    Ring* available_;
    Ring* used_;
    u16 index_, size_;
    bool event_index_;
    u16 first_free_ = 0, free_count_;
    u16 offered_ = 0;   ///< available index as we have it
    u16 notified_ = 0;  ///< available index at the last notification
    u16 taken_ = 0;     ///< used index as we have it
    u16 tokens_[max_size];
};

}  // namespace spore::drivers::virtio
