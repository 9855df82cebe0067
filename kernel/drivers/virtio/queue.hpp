// A virtqueue [virtio 1.2 2.6]: chains of buffers go to the device, and come back with how much it wrote.
// One queue is used by one caller at a time; its owner locks.
//
// The ring is split [2.7], which is handled here, or packed (PackedRing) where the device offers that. The way of split rings is the short one:
// it asks of which kind the ring is, and calls nobody.
//
// What the driver must remember lies in memory of its own: the rings are the device's to write, and nothing that is read from them is
// used before it is checked. A device that returns what it was not given breaks the queue.
#pragma once

#include <atomic>
#include <optional>

#include "kernel/drivers/virtio/buffer.hpp"
#include "kernel/drivers/virtio/device.hpp"
#include "kernel/drivers/virtio/packed_ring.hpp"
#include "kernel/memory/frame.hpp"

namespace spore::drivers::virtio {

class Queue {
public:
    /// Makes rings for at most `size` buffers and installs them as the device's queue `index`. Legacy PCI devices have a size of their
    /// own, which may be larger. not_found when the device has no such queue.
    static Result<Owned<Queue>> create(Device& device, u16 index, u16 size, bool event_index);
    ~Queue() { delete[] own_; }

    u16 size() const { return size_; }
    u16 free_buffers() const { return free_count_; }
    /// Nothing comes out of it any more: the device broke the rules.
    bool broken() const { return broken_; }

    /// Offers a chain; `token` comes back with it. no_space when there are too few free descriptors.
    Result<void> offer(std::span<const Buffer> chain, u64 token);
    /// Tells the device of what was offered since, unless it does not want to know. Whether it was told.
    bool notify();

    struct Done {
        u64 token;
        u32 written;
    };
    /// A chain that the device has finished with.
    std::optional<Done> take();
    /// Whether take() would give something.
    bool has_news() const {
        if (packed_) [[unlikely]] return packed_ring_.has_news();
        return used_->index != taken_;
    }

    /// The token of a chain that will not come back, of those that are left: the device was reset.
    std::optional<u64> take_back();

    /// Whether the device should interrupt for what it finishes. After turning it on, call take() once more.
    void want_interrupts(bool wanted);

    // ---- The other way to use a queue, for receiving: every chain is one buffer, in a slot (below size()) that its owner chooses. ----

    /// Puts a buffer for the device to write into a free slot; publish() shows it to the device.
    void post(u16 slot, PhysAddr address, u32 size) {
        if (packed_) [[unlikely]] return post_packed(slot, address, size);
        descriptors_[slot] = {address.value, size, wire::virtio::descriptor_write, 0};
        own_[slot].length = 1;
        available_entries()[offered_ & (size_ - 1)] = slot;
        ++offered_;
    }
    void publish() {
        if (packed_) [[unlikely]] return;  // each descriptor showed itself
        std::atomic_thread_fence(std::memory_order_release);  // the buffers before the index; pairs with the device's read of the index
        available_->index = offered_;
    }
    struct Filled {
        u16 slot;
        u32 written;
    };
    /// A buffer that the device has written; its slot is free again.
    std::optional<Filled> take_posted() {
        if (packed_) [[unlikely]] return take_posted_packed();
        if (used_->index == taken_ || broken_) return std::nullopt;
        auto element = next_used();
        if (element.head >= size_ || !own_[element.head].length) return fail_queue();
        own_[element.head].length = 0;
        return Filled{static_cast<u16>(element.head), element.written};
    }

private:
    /// What the driver knows of a descriptor.
    struct Own {
        u64 token;
        u16 next;    ///< in the chain, or among the free
        u16 last;    ///< of the chain that begins here
        u16 length;  ///< of the chain that begins here; 0: none does
    };
    Queue(Device& device, u16 index, u16 size, bool event_index, memory::FrameRef rings, Own* own);

    void offer_split(std::span<const Buffer> chain, u64 token);
    void offer_packed(std::span<const Buffer> chain, u64 token);
    void post_packed(u16 slot, PhysAddr address, u32 size);
    std::optional<Filled> take_posted_packed();

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
    wire::virtio::UsedElement next_used() {
        std::atomic_thread_fence(std::memory_order_acquire);  // the index before the element; pairs with the device's write
        auto& element = used_entries()[taken_ & (size_ - 1)];
        ++taken_;
        return {element.head, element.written};
    }
    std::nullopt_t fail_queue();

    Device& device_;
    memory::FrameRef rings_;
    Own* own_;
    wire::virtio::Descriptor* descriptors_;
    Ring* available_;
    Ring* used_;
    u16 index_, size_;
    bool event_index_, packed_, broken_ = false;
    u16 first_free_ = 0, free_count_;
    u16 offered_ = 0;   ///< available index as we have it; of packed rings, all descriptors so far
    u16 notified_ = 0;  ///< available index at the last notification
    u16 taken_ = 0;     ///< used index as we have it
    PackedRing packed_ring_;
};

}  // namespace spore::drivers::virtio
