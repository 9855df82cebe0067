#include "kernel/drivers/virtio/queue.hpp"

#include <algorithm>
#include <atomic>

#include "arch/mmu.hpp"

namespace spore::drivers::virtio {

using wire::virtio::Descriptor;
using wire::virtio::UsedElement;

namespace {
/// Where the three parts lie in the page; each meets its alignment [2.7].
constexpr u64 available_offset(u16 size) { return u64{size} * sizeof(Descriptor); }
constexpr u64 used_offset(u16 size) { return align_up(available_offset(size) + 6 + 2 * u64{size}, 4); }
static_assert(used_offset(Queue::max_size) + 6 + sizeof(UsedElement) * Queue::max_size <= page_size);
}  // namespace

Result<Owned<Queue>> Queue::create(Device& device, u16 index, u16 wanted, bool event_index) {
    u16 size = std::min({device.queue_limit(index), wanted, max_size});
    if (size == 0) return fail(Error::not_found);
    size = static_cast<u16>(std::bit_floor(size));
    auto rings = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames()));
    auto* queue = new (std::nothrow) Queue(device, index, size, event_index, rings);
    if (!queue) return fail(Error::no_memory);
    auto base = rings.address();
    device.install_queue(index, size, base, base + available_offset(size), base + used_offset(size));
    return Owned<Queue>(queue);
}

Queue::Queue(Device& device, u16 index, u16 size, bool event_index, memory::FrameRef rings)
    : device_(device), rings_(rings), index_(index), size_(size), event_index_(event_index), free_count_(size) {
    auto* base = static_cast<std::byte*>(arch::direct(rings_.address()));
    descriptors_ = reinterpret_cast<Descriptor*>(base);
    available_ = reinterpret_cast<Ring*>(base + available_offset(size));
    used_ = reinterpret_cast<Ring*>(base + used_offset(size));
    for (u16 i = 0; i < size; ++i) descriptors_[i].next = static_cast<u16>(i + 1);
}

Result<void> Queue::offer(std::span<const Buffer> chain, u16 token) {
    if (chain.empty() || chain.size() > free_count_) return fail(Error::no_space);
    u16 head = first_free_, last = head;
    for (auto& buffer : chain) {
        last = first_free_;
        auto& descriptor = descriptors_[last];
        first_free_ = descriptor.next;
        bool write = buffer.direction == Buffer::Direction::from_device;
        descriptor.address = buffer.address.value;
        descriptor.size = buffer.size;
        descriptor.flags = static_cast<u16>(wire::virtio::descriptor_next | (write ? wire::virtio::descriptor_write : 0));
    }
    descriptors_[last].flags &= static_cast<u16>(~wire::virtio::descriptor_next);
    free_count_ = static_cast<u16>(free_count_ - chain.size());
    tokens_[head] = token;
    available_entries()[offered_ & (size_ - 1)] = head;
    ++offered_;
    std::atomic_thread_fence(std::memory_order_release);  // the chain before the index; pairs with the device's read of the index
    available_->index = offered_;
    return {};
}

void Queue::notify() {
    // A full barrier: the device may be looking at its no-notify word while we publish the index; one of us must see the other.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    bool wanted;
    if (event_index_) wanted = static_cast<u16>(offered_ - available_event() - 1) < static_cast<u16>(offered_ - notified_);
    else wanted = !(used_->flags & wire::virtio::used_no_notify);
    notified_ = offered_;
    if (wanted) device_.notify(index_);
}

std::optional<Queue::Done> Queue::take() {
    if (used_->index == taken_) return std::nullopt;
    std::atomic_thread_fence(std::memory_order_acquire);  // the index before the element; pairs with the device's write
    auto& element = used_entries()[taken_ & (size_ - 1)];
    u32 head = element.head, written = element.written;
    ++taken_;
    if (head >= size_) return take();  // a broken device; its element is dropped
    u16 last = static_cast<u16>(head), count = 1;
    while ((descriptors_[last].flags & wire::virtio::descriptor_next) && count < size_) {
        last = descriptors_[last].next;
        ++count;
    }
    descriptors_[last].next = first_free_;
    first_free_ = static_cast<u16>(head);
    free_count_ = static_cast<u16>(free_count_ + count);
    return Done{tokens_[head], written};
}

void Queue::want_interrupts(bool wanted) {
    if (event_index_) used_event() = static_cast<u16>(wanted ? taken_ : taken_ - 1);
    else available_->flags = wanted ? 0 : wire::virtio::available_no_interrupt;
    std::atomic_thread_fence(std::memory_order_seq_cst);  // before the caller looks again
}

}  // namespace spore::drivers::virtio
