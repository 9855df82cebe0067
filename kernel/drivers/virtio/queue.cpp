#include "kernel/drivers/virtio/queue.hpp"

#include <algorithm>
#include <utility>

#include "arch/mmu.hpp"

namespace spore::drivers::virtio {

using wire::virtio::Descriptor;
using wire::virtio::UsedElement;

namespace {

/// Where the parts lie in the rings' memory; each meets its alignment [2.7, 2.8.10].
struct Layout {
    u64 available, used, size;  ///< of packed rings: the driver's area and the device's
    static Layout split(u16 entries, bool legacy) {
        u64 available = u64{entries} * sizeof(Descriptor);
        u64 used = align_up(available + 6 + 2 * u64{entries}, legacy ? wire::virtio::legacy_alignment : 4);
        return {available, used, used + 6 + sizeof(UsedElement) * u64{entries}};
    }
    static Layout packed(u16 entries) { return {PackedRing::driver_event(entries), PackedRing::device_event(entries), PackedRing::bytes(entries)}; }
};

}  // namespace

Result<Owned<Queue>> Queue::create(Device& device, u16 index, u16 wanted, bool event_index) {
    u16 limit = device.queue_limit(index);
    u16 size = device.fixed_queue_sizes() ? limit : std::min(limit, wanted);
    if (size == 0) return fail(Error::not_found);
    size = std::bit_floor(size);
    Layout layout = device.has_packed_rings() ? Layout::packed(size) : Layout::split(size, device.legacy());
    auto order = static_cast<unsigned>(std::bit_width((layout.size - 1) >> page_shift));
    if (order > memory::max_order) return fail(Error::not_supported);
    auto rings = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames(order)));
    auto* own = new (std::nothrow) Own[size];
    if (!own) return fail(Error::no_memory);
    auto* queue = new (std::nothrow) Queue(device, index, size, event_index, rings, own);
    if (!queue) {
        delete[] own;
        return fail(Error::no_memory);
    }
    auto base = rings.address();
    device.install_queue(index, size, base, base + layout.available, base + layout.used);
    return Owned<Queue>(queue);
}

Queue::Queue(Device& device, u16 index, u16 size, bool event_index, memory::FrameRef rings, Own* own)
    : device_(device), rings_(rings), own_(own), index_(index), size_(size), event_index_(event_index), packed_(device.has_packed_rings()),
      free_count_(size) {
    for (u16 i = 0; i < size; ++i) own_[i] = {0, static_cast<u16>(i + 1), 0, 0};
    auto* base = rings_.bytes();
    if (packed_) {
        packed_ring_.open(base, size, event_index);
        return;
    }
    auto layout = Layout::split(size, device.legacy());
    descriptors_ = reinterpret_cast<Descriptor*>(base);
    available_ = reinterpret_cast<Ring*>(base + layout.available);
    used_ = reinterpret_cast<Ring*>(base + layout.used);
}

Result<void> Queue::offer(std::span<const Buffer> chain, u64 token) {
    if (chain.empty() || chain.size() > free_count_) return fail(Error::no_space);
    free_count_ = static_cast<u16>(free_count_ - chain.size());
    if (packed_) [[unlikely]] offer_packed(chain, token);
    else offer_split(chain, token);
    return {};
}

void Queue::offer_split(std::span<const Buffer> chain, u64 token) {
    u16 head = first_free_, last = head;
    std::size_t left = chain.size();
    for (auto& buffer : chain) {
        last = first_free_;
        first_free_ = own_[last].next;
        u16 flags = buffer.direction == Buffer::Direction::from_device ? wire::virtio::descriptor_write : u16{0};
        if (--left) flags |= wire::virtio::descriptor_next;
        descriptors_[last] = {buffer.address.value, buffer.size, flags, first_free_};
    }
    auto& own = own_[head];
    own.token = token;
    own.last = last;
    own.length = static_cast<u16>(chain.size());
    available_entries()[offered_ & (size_ - 1)] = head;
    ++offered_;
    publish();
}

/// A chain takes one id, however long it is: there are always as many as descriptors.
void Queue::offer_packed(std::span<const Buffer> chain, u64 token) {
    u16 id = first_free_;
    auto& own = own_[id];
    first_free_ = own.next;
    own.token = token;
    own.last = id;
    own.length = static_cast<u16>(chain.size());
    offered_ = static_cast<u16>(offered_ + chain.size());
    packed_ring_.offer(chain, id);
}

void Queue::post_packed(u16 slot, PhysAddr address, u32 size) {
    Buffer buffer{address, size, Buffer::Direction::from_device};
    own_[slot].length = 1;
    ++offered_;
    packed_ring_.offer({&buffer, 1}, slot);
}

bool Queue::notify() {
    // A full barrier: the device may be looking at its no-notify word while we publish the index; one of us must see the other.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    bool wanted;
    if (packed_) [[unlikely]] wanted = offered_ != notified_ && packed_ring_.wants_notification(static_cast<u16>(offered_ - notified_));
    else if (event_index_) wanted = static_cast<u16>(offered_ - available_event() - 1) < static_cast<u16>(offered_ - notified_);
    else wanted = !(used_->flags & wire::virtio::used_no_notify);
    notified_ = offered_;
    if (wanted) device_.notify(index_);
    return wanted;
}

std::optional<Queue::Done> Queue::take() {
    if (!has_news() || broken_) return std::nullopt;
    auto element = packed_ ? packed_ring_.next_used() : next_used();
    if (element.head >= size_ || !own_[element.head].length) return fail_queue();
    auto& own = own_[element.head];
    if (packed_) [[unlikely]] packed_ring_.skip(own.length);
    own_[own.last].next = first_free_;
    first_free_ = static_cast<u16>(element.head);
    free_count_ = static_cast<u16>(free_count_ + own.length);
    own.length = 0;
    return Done{own.token, element.written};
}

std::optional<Queue::Filled> Queue::take_posted_packed() {
    if (!packed_ring_.has_news() || broken_) return std::nullopt;
    auto element = packed_ring_.next_used();
    if (element.head >= size_ || !own_[element.head].length) return fail_queue();
    packed_ring_.skip(1);  // posted buffers are chains of one
    own_[element.head].length = 0;
    return Filled{static_cast<u16>(element.head), element.written};
}

std::optional<u64> Queue::take_back() {
    for (u16 head = 0; head < size_; ++head)
        if (std::exchange(own_[head].length, u16{0})) return own_[head].token;
    return std::nullopt;
}

std::nullopt_t Queue::fail_queue() {
    broken_ = true;
    return std::nullopt;
}

void Queue::want_interrupts(bool wanted) {
    if (packed_) [[unlikely]] packed_ring_.want_interrupts(wanted);
    // With the event index, an index that was passed asks for no more interrupts until the counter comes round.
    else if (event_index_) used_event() = static_cast<u16>(wanted ? taken_ : taken_ - 1);
    else available_->flags = wanted ? 0 : wire::virtio::available_no_interrupt;
    if (wanted) std::atomic_thread_fence(std::memory_order_seq_cst);  // before the caller looks again
}

}  // namespace spore::drivers::virtio
