#include "kernel/drivers/net/vmxnet3/receive_ring.hpp"

#include "kernel/time/timer.hpp"

namespace spore::drivers::vmxnet3 {

using namespace wire::vmxnet3;

namespace {
constexpr u32 link_header = 14;
/// Returned buffers are shown to a card that wants it in such numbers: telling it is an exit, and it has plenty.
constexpr u32 return_batch = ReceiveRing::size / 4;
}  // namespace

Result<void> ReceiveRing::open(Hardware& registers, ReceiveQueue& queue) {
    constexpr u32 ring_bytes = size * sizeof(Descriptor);
    static_assert(ring_bytes + decltype(completions_)::bytes <= page_size);
    registers_ = &registers;
    queue_ = &queue;
    page_ = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames()));
    descriptors_ = reinterpret_cast<volatile Descriptor*>(page_.bytes());
    completions_.open(page_.bytes() + ring_bytes);
    TRY(frames_.open(size));
    for (u32 slot = 0; slot < size; ++slot) {
        if (!frames_.supply(slot)) return fail(Error::no_memory);
        if (slot != ours_) offer(slot);
    }
    queue.rings[0] = page_.address().value;
    queue.ring_sizes[0] = queue.completions_size = size;
    queue.completions = page_.address().value + ring_bytes;
    return {};
}

void ReceiveRing::offer(u32 slot) {
    auto& place = descriptors_[slot];
    place.address = frames_.address(slot).value;
    std::atomic_thread_fence(std::memory_order_release);  // the address before the generation; pairs with the card's read
    place.low = page_size | generation_;
    if (slot == size - 1) generation_ ^= receive_generation;
}

void ReceiveRing::tell() {
    returned_ = 0;
    std::atomic_thread_fence(std::memory_order_release);  // the descriptors before the number; pairs with the card's read
    registers_->write(static_cast<u32>(QueueRegister::received), ours_);
}

u32 ReceiveRing::poll(u32 budget, device::PacketList& packets) {
    if (!has_news()) return 0;
    now_ = time::now();
    u32 done = 0;
    for (; done < budget && has_news() && !broken_; ++done) broken_ = !take(completions_.take(), packets);
    returned_ += done;
    if (returned_ >= return_batch && queue_->wants_updates) {
        tell();
        ++counters.notifications;
    }
    return done;
}

/// One frame. It fits into a buffer: the card was told to use no more for one. False when the card broke the rules.
bool ReceiveRing::take(const Completion& found, device::PacketList& packets) {
    u32 slot = found.slot();
    if (found.ring() != 0 || slot >= size || slot == ours_) return false;
    if (!found.is_start() || !found.is_end() || found.is_error() || found.size() > page_size || found.size() < link_header) {
        ++counters.receive_errors;
    } else if (auto packet = frames_.begin(slot, 0, found.size())) {
        if (found.is_verified()) packet->checksum = device::Checksum::verified;
        packet->received_at = now_;
        packet->mark(device::Layer::link);
        ++counters.packets_received;
        counters.bytes_received += found.size();
        packets.push_back(std::move(packet));
    } else {
        ++counters.receive_no_memory;
    }
    // Cards may leave buffers out: these go back as they are.
    do {
        offer(ours_);
        ours_ = next_;
        next_ = (next_ + 1) % size;
    } while (ours_ != slot);
    return true;
}

}  // namespace spore::drivers::vmxnet3
