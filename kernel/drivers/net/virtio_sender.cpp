#include "kernel/drivers/net/virtio_sender.hpp"

#include "arch/cpu.hpp"
#include "kernel/device/offload_header.hpp"
#include "kernel/device/poller.hpp"

namespace spore::drivers {

using device::Packet;
using virtio::Buffer;

namespace {

constexpr u16 queue_size = 256;
constexpr u32 max_pieces = 2 + Packet::max_slices;

void let_go(u64 token) { Owned<Packet>(reinterpret_cast<Packet*>(token)).reset(); }

}  // namespace

Result<void> VirtioSender::open(virtio::Device& device, u16 index, const Format& format) {
    format_ = format;
    queue_ = TRY(virtio::Queue::create(device, index, queue_size, format.event_index));
    if (queue_->size() < max_pieces) return fail(Error::not_supported);
    queue_->want_interrupts(false);
    return {};
}

void VirtioSender::transmit(device::PacketList& packets) {
    Guard guard(lock_);
    if (closed_) [[unlikely]] return packets.clear();
    reclaim();
    waiting_.append(packets);
    send_waiting();
}

void VirtioSender::poll() {
    bool put_off = put_off_.load(std::memory_order_relaxed);
    if (!(put_off || queue_->has_news())) return;
    if (waits_.load(std::memory_order_relaxed)) lock_.lock();  // whoever holds the lock may have looked for the last time
    else if (!lock_.try_lock()) return;  // whoever holds it does the same
    if (!closed_) {
        reclaim();
        if (!waiting_.empty()) send_waiting();
        if (put_off) notify();
    }
    lock_.unlock();
}

u64 VirtioSender::untaken() {
    Guard guard(lock_);
    if (closed_) return 0;
    reclaim();
    if (!waiting_.empty()) send_waiting();
    if (put_off_.load(std::memory_order_relaxed)) notify();
    return waiting_.count() + (queue_->size() - queue_->free_buffers());
}

void VirtioSender::close() {
    Guard guard(lock_);
    closed_ = true;
    waiting_.clear();
    if (!queue_) return;
    while (auto token = queue_->take_back()) let_go(*token);
}

void VirtioSender::reclaim() {
    while (queue_->has_news()) {
        auto done = queue_->take();
        if (!done) return;  // it is broken
        let_go(done->token);
    }
}

void VirtioSender::send_waiting() {
    bool any = false;
    while (auto* first = waiting_.first()) {
        if (!first->ensure_headroom(format_.header_size)) {  // somebody filled the head to the brim
            ++counters.send_queue_full;
            waiting_.pop_front();
            continue;
        }
        if (!send(*first)) {
            waits_.store(true, std::memory_order_relaxed);
            queue_->want_interrupts(true);  // a full fence: whoever is told of room sees that somebody waits
            if (!queue_->has_news() || queue_->broken()) break;
            reclaim();  // room came in time
            queue_->want_interrupts(false);
            continue;
        }
        (void)waiting_.pop_front().release();  // the queue's now
        any = true;
    }
    for (; waiting_.count() > max_waiting; ++counters.send_queue_full) waiting_.pop_front();
    waits_.store(!waiting_.empty(), std::memory_order_relaxed);
    if (!any) return;
    u32 times = put_off_.load(std::memory_order_relaxed);
    bool may_wait = patient_cpu_.load(std::memory_order_relaxed) == arch::cpu_id() && device::put_off();
    if (may_wait && times < most_put_off && waiting_.empty()) put_off_.store(times + 1, std::memory_order_relaxed);
    else notify();
}

void VirtioSender::notify() {
    put_off_.store(0, std::memory_order_relaxed);
    if (queue_->notify()) ++counters.notifications;
}

/// False when there is no room for it.
bool VirtioSender::send(Packet& packet) {
    if (queue_->free_buffers() < packet.slices().size() + 2) return false;
    auto header = device::offload_header(packet);
    u32 size = packet.size();
    auto place = packet.push(format_.header_size);
    __builtin_memcpy(place.data(), &header, format_.header_size);
    Buffer pieces[max_pieces];
    u32 count = 0;
    auto address = arch::physical(place.data());
    auto head_size = static_cast<u32>(packet.head().size());
    if (!format_.any_layout) {
        pieces[count++] = {address, format_.header_size, Buffer::Direction::to_device};
        address = address + format_.header_size;
        head_size -= format_.header_size;
    }
    pieces[count++] = {address, head_size, Buffer::Direction::to_device};
    for (auto& slice : packet.slices()) pieces[count++] = {slice.address(), slice.size, Buffer::Direction::to_device};
    (void)queue_->offer({pieces, count}, reinterpret_cast<u64>(&packet));  // there is room
    ++counters.packets_sent;
    counters.bytes_sent += size;
    return true;
}

}  // namespace spore::drivers
