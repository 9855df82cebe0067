#include "kernel/drivers/xen/net/sender.hpp"

#include <algorithm>

#include "kernel/drivers/net/fewer_pieces.hpp"
#include "kernel/drivers/xen/events.hpp"

namespace spore::drivers::xen {

using namespace wire::xen;
using device::Packet;

namespace {

/// Pieces within one page each, the head the first.
u32 pieces_of(const Packet& packet) {
    u32 count = 1;
    for (auto& slice : packet.slices()) count += static_cast<u32>((slice.address().value % page_size + slice.size + page_size - 1) / page_size);
    return count;
}

}  // namespace

Sender::~Sender() {
    for (u32 slot = 0; slot < slots; ++slot)
        if (packets_[slot]) let_go(slot);
}

Result<void> Sender::open(u16 domain) {
    domain_ = domain;
    TRY(ring_.open(domain));
    grants_ = TRY(take_grants(slots));
    head_grants_ = TRY(take_grants(head_pages));
    for (u32 page = 0; page < head_pages; ++page) {
        heads_[page] = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames()));
        allow(head_grants_ + page, domain, heads_[page].address(), Sharing::read);
    }
    for (u32 slot = 0; slot < slots; ++slot) free_[free_count_++] = static_cast<u16>(slots - 1 - slot);
    return {};
}

void Sender::start(u32 port) {
    Guard guard(lock_);
    port_ = port;
    started_ = true;
}

void Sender::transmit(device::PacketList& packets) {
    Guard guard(lock_);
    if (!started_ || ring_.broken()) [[unlikely]] return packets.clear();
    reclaim();
    waiting_.append(packets);
    send_waiting();
}

void Sender::poll() {
    if (!ring_.has_news()) return;
    if (waits_.load(std::memory_order_relaxed)) lock_.lock();  // whoever holds the lock may have looked for the last time
    else if (!lock_.try_lock()) return;  // whoever holds it does the same
    reclaim();
    if (!waiting_.empty()) send_waiting();
    lock_.unlock();
}

u64 Sender::untaken() {
    Guard guard(lock_);
    if (ring_.broken()) return 0;
    reclaim();
    if (!waiting_.empty()) send_waiting();
    return waiting_.count() + ring_.unanswered();
}

void Sender::reclaim() {
    while (ring_.has_news()) {
        auto answer = ring_.take();
        if (answer.status == no_answer) continue;  // for a slot with more about a packet
        // What the other end still has mapped is not ours to use again.
        if (answer.id >= slots || !packets_[answer.id] || (granted_[answer.id] && !forbid(grants_ + answer.id))) return ring_.give_up();
        let_go(answer.id);
    }
}

void Sender::let_go(u32 slot) {
    auto* packet = std::exchange(packets_[slot], nullptr);
    free_[free_count_++] = static_cast<u16>(slot);
    if (--packet->note<u32>() == 0) Owned<Packet>(packet).reset();
}

void Sender::send_waiting() {
    while (auto* first = waiting_.first()) {
        if (pieces_of(*first) > most_pieces) [[unlikely]] {
            auto smaller = in_fewer_pieces(*first);
            waiting_.pop_front();
            if (!smaller || pieces_of(**smaller) > most_pieces) ++counters.send_queue_full;
            else waiting_.push_front(std::move(*smaller));
            continue;
        }
        if (!send(*first)) {
            waits_.store(true, std::memory_order_relaxed);
            ring_.want_event(std::max(ring_.unanswered() / 2, 1u));  // a full fence: whoever is told of room sees that somebody waits
            if (!ring_.has_news()) break;
            reclaim();
            continue;
        }
        (void)waiting_.pop_front().release();  // the ring's now
    }
    for (; waiting_.count() > max_waiting; ++counters.send_queue_full) waiting_.pop_front();
    waits_.store(!waiting_.empty(), std::memory_order_relaxed);
    if (shown_ && ring_.publish(std::exchange(shown_, 0))) {
        ++counters.notifications;
        send_event(port_);
    }
}

void Sender::put(u32 grant, PhysAddr address, u32 size, u32 slot, u16 flags) {
    ring_.slot(ring_.next() + shown_++) = {grant, static_cast<u16>(address.value % page_size), flags, static_cast<u16>(slot), static_cast<u16>(size)};
}

/// False when there is no room for it.
bool Sender::send(Packet& packet) {
    u32 left = pieces_of(packet);
    bool segmented = packet.segmentation != device::Segmentation::none;
    if (ring_.free() - shown_ < left + segmented || free_count_ < left) return false;
    counters.bytes_sent += packet.size();
    ++counters.packets_sent;

    packet.note<u32>() = left;
    auto take_slot = [&] {
        u32 slot = free_[--free_count_];
        packets_[slot] = &packet;
        return slot;
    };
    auto more = [&] { return static_cast<u16>(--left ? send_more : 0); };

    u32 slot = take_slot(), page = slot / heads_per_page, offset = slot % heads_per_page * head_size;
    granted_[slot] = false;
    std::ranges::copy(packet.head(), heads_[page].bytes() + offset);
    auto flags = static_cast<u16>((packet.checksum == device::Checksum::partial ? send_no_checksum | send_verified : 0) | (segmented ? send_extra : 0) | more());
    put(head_grants_ + page, heads_[page].address() + offset, packet.size(), slot, flags);
    if (segmented) {
        ExtraInfo extra{.type = extra_segmentation, .flags = 0, .segment_size = packet.segment_size,
                        .segmentation = packet.segmentation == device::Segmentation::tcp4 ? segmentation_tcp4 : segmentation_tcp6, .padding = 0, .features = 0};
        auto& place = ring_.slot(ring_.next() + shown_++);
        __builtin_memcpy(&place, &extra, sizeof extra);
    }
    for (auto& slice : packet.slices())
        for (u32 at = 0; at < slice.size;) {
            auto address = slice.address() + at;
            u32 count = std::min<u32>(slice.size - at, page_size - static_cast<u32>(address.value % page_size));
            slot = take_slot();
            granted_[slot] = true;
            allow(grants_ + slot, domain_, address, Sharing::read);
            put(grants_ + slot, address, count, slot, more());
            at += count;
        }
    return true;
}

}  // namespace spore::drivers::xen
