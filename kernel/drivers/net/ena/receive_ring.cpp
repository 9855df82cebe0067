#include "kernel/drivers/net/ena/receive_ring.hpp"

#include "kernel/time/timer.hpp"

namespace spore::drivers::ena {

using namespace wire::ena;

namespace {
constexpr u32 link_header = 14;
/// Returned buffers are shown to the device in such numbers: it has plenty.
constexpr u32 return_batch = ReceiveRing::size / 8;
}  // namespace

Result<void> ReceiveRing::prepare() {
    static_assert(size * sizeof(Buffer) == page_size && size * sizeof(Received) == page_size);
    submissions_ = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames()));
    completed_ = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames()));
    TRY(frames_.open(size));
    for (u32 slot = 0; slot < size; ++slot)
        if (!frames_.supply(slot)) return fail(Error::no_memory);
    return {};
}

void ReceiveRing::start(const QueuePair& queues) {
    queues_ = queues;
    __builtin_memset(submissions_.bytes(), 0, page_size);
    __builtin_memset(completed_.bytes(), 0, page_size);
    buffers_ = reinterpret_cast<volatile Buffer*>(submissions_.bytes());
    completions_.open(completed_.bytes(), size);
    packet_.reset();
    state_ = State::between;
    broken_ = false;
    tail_ = 0;
    offered_.reset();
    for (u32 slot = 0; slot < size - 1; ++slot) offer(slot);  // full and empty differ
    tell();
}

void ReceiveRing::offer(u32 slot) {
    auto& place = buffers_[tail_ % size];
    auto address = frames_.address(slot).value;
    place.size = page_size;
    place.request = static_cast<u16>(slot);
    place.address = static_cast<u32>(address);
    place.address_high = static_cast<u16>(address >> 32);
    std::atomic_thread_fence(std::memory_order_release);  // the rest before the phase; pairs with the device's read
    place.control = static_cast<u8>(buffer_first | buffer_last | buffer_report | (tail_ / size % 2 ? 0 : buffer_phase));
    ++tail_;
    offered_.set(slot);
}

void ReceiveRing::tell() {
    returned_ = 0;
    std::atomic_thread_fence(std::memory_order_release);  // the buffers before their number; pairs with the device's read
    queues_.tell(tail_);
}

u32 ReceiveRing::poll(u32 budget, device::PacketList& packets) {
    if (!has_news()) return 0;
    now_ = time::now();
    u32 done = 0;
    for (; done < budget && has_news() && !broken_; ++done) broken_ = !take(completions_.take(), packets);
    if (returned_ >= return_batch && !broken_) {
        tell();
        ++counters.notifications;
    }
    return done;
}

/// One buffer; false when the device broke the rules.
bool ReceiveRing::take(const Received& found, device::PacketList& packets) {
    u32 slot = found.request;
    if (slot >= size || !offered_.test(slot)) return false;
    if (found.is_first() != (state_ == State::between)) return false;
    offered_.reset(slot);
    add_piece(slot, found);
    if (found.is_last()) finish(found, packets);
    offer(slot);
    ++returned_;
    return true;
}

void ReceiveRing::add_piece(u32 slot, const Received& found) {
    u32 offset = found.is_first() ? found.offset : 0;
    auto drop = [&](u64& counter) {
        if (state_ != State::dropping) ++counter;
        packet_.reset();
        state_ = State::dropping;
    };
    if (state_ == State::dropping) return;
    if (!found.size || found.size > page_size - offset || (found.is_first() && found.size < link_header)) return drop(counters.receive_errors);
    if (found.is_first()) {
        packet_ = frames_.begin(slot, offset, found.size);
        if (!packet_) return drop(counters.receive_no_memory);
        state_ = State::within;
    } else if (!frames_.extend(*packet_, slot, 0, found.size)) {
        drop(counters.receive_no_memory);
    }
}

void ReceiveRing::finish(const Received& found, device::PacketList& packets) {
    if (std::exchange(state_, State::between) == State::dropping) return;
    if (found.is_verified()) packet_->checksum = device::Checksum::verified;
    packet_->received_at = now_;
    packet_->mark(device::Layer::link);
    ++counters.packets_received;
    counters.bytes_received += packet_->size();
    packets.push_back(std::move(packet_));
}

}  // namespace spore::drivers::ena
