#include "kernel/drivers/net/gve/receive_ring.hpp"

#include "kernel/time/timer.hpp"

namespace spore::drivers::gve {

using namespace wire::gve;

namespace {
constexpr u32 link_header = 14;
}

Result<void> ReceiveRing::prepare(u32 entries) {
    offered_ring_ = TRY(make_ring(entries * sizeof(Buffer)));
    completed_ = TRY(make_ring(entries * sizeof(Received)));
    entries_ = entries;
    TRY(frames_.open(size));
    for (u32 slot = 0; slot < size; ++slot)
        if (!frames_.supply(slot)) return fail(Error::no_memory);
    return {};
}

void ReceiveRing::clear() {
    __builtin_memset(offered_ring_.bytes(), 0, entries_ * sizeof(Buffer));
    __builtin_memset(completed_.bytes(), 0, entries_ * sizeof(Received));
    buffers_ = reinterpret_cast<volatile Buffer*>(offered_ring_.bytes());
    completions_.open(completed_.bytes(), entries_);
    packet_.reset();
    state_ = State::between;
    broken_ = false;
    tail_ = told_ = 0;
    offered_.reset();
}

void ReceiveRing::start(const QueueDoorbells& doorbells, u32 buffer_size, const CheckedTypes& types) {
    doorbells_ = doorbells;
    buffer_size_ = buffer_size;
    types_ = &types;
    u32 count = std::min(size, entries_ - buffer_step);  // full and empty differ
    for (u32 slot = 0; slot < count; ++slot) offer(slot);
    (void)tell();
}

void ReceiveRing::offer(u32 slot) {
    auto& place = buffers_[tail_++ % entries_];
    place.id = static_cast<u16>(slot);
    place.address = frames_.address(slot).value;
    offered_.set(slot);
}

/// The device is told of whole steps only; whether there was one.
bool ReceiveRing::tell() {
    u32 whole = tail_ - tail_ % buffer_step;
    if (std::exchange(told_, whole) == whole) return false;
    std::atomic_thread_fence(std::memory_order_release);  // the buffers before their number; pairs with the device's read
    doorbells_.tell(whole % entries_);
    return true;
}

u32 ReceiveRing::poll(u32 budget, device::PacketList& packets) {
    if (!has_news()) return 0;
    now_ = time::now();
    u32 done = 0;
    for (; done < budget && has_news() && !broken_; ++done) broken_ = !take(completions_.take(), packets);
    if (!broken_ && tell()) ++counters.notifications;
    return done;
}

/// One buffer; false when the device broke the rules.
bool ReceiveRing::take(const Received& found, device::PacketList& packets) {
    u32 slot = found.id;
    if (slot >= size || !offered_.test(slot)) return false;
    offered_.reset(slot);
    add_piece(slot, found);
    if (found.is_last()) finish(found, packets);
    offer(slot);
    return true;
}

void ReceiveRing::add_piece(u32 slot, const Received& found) {
    u32 count = found.bytes();
    bool is_first = state_ == State::between;
    auto drop = [&](u64& counter) {
        ++counter;
        packet_.reset();
        state_ = State::dropping;
    };
    if (state_ == State::dropping) return;
    if (found.is_strange() || !count || count > buffer_size_ || (is_first && count < link_header)) return drop(counters.receive_errors);
    if (is_first) {
        packet_ = frames_.begin(slot, 0, count);
        if (!packet_) return drop(counters.receive_no_memory);
        state_ = State::within;
    } else if (!frames_.extend(*packet_, slot, 0, count)) {
        drop(counters.receive_no_memory);
    }
}

void ReceiveRing::finish(const Received& found, device::PacketList& packets) {
    if (std::exchange(state_, State::between) == State::dropping) return;
    if (found.is_verified(types_->of(found.type & Received::type_mask))) packet_->checksum = device::Checksum::verified;
    packet_->received_at = now_;
    packet_->mark(device::Layer::link);
    ++counters.packets_received;
    counters.bytes_received += packet_->size();
    packets.push_back(std::move(packet_));
}

}  // namespace spore::drivers::gve
