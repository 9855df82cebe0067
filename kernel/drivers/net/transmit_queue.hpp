// A card's transmit ring, but for the card's own descriptors: a packet is a run of slots, and waits in a bounded list while there are too few.
// Sent packets are let go of when somebody sends the next, or polls: nobody is interrupted for that, unless packets wait for room.
//
// Self is the ring of a kind of card:
//   u32 slots_for(const Packet&)       how many slots the packet takes at most
//   u32 most_slots(const Packet&)      how many the card takes for it; one in more is copied into whole pages, or dropped
//   void put(Packet&)                  writes them, through take_slot(); there is room
//   bool has_sent()                    the card has done with some; asked without the lock too
//   void reclaim()                     lets go of those, through let_go()
//   void want_interrupt()              asks for an interrupt when something is sent: packets wait
//   void tell(u32 next)                shows the card all slots up to there
#pragma once

#include <algorithm>
#include <atomic>
#include <utility>

#include "arch/mmu.hpp"
#include "base/locked.hpp"
#include "kernel/device/net.hpp"
#include "kernel/drivers/net/fewer_pieces.hpp"
#include "kernel/sync/spin.hpp"

namespace spore::drivers {

/// How many pieces the packet lies in, when none is larger than `largest`.
inline u32 pieces_of(const device::Packet& packet, u32 largest) {
    u32 count = 1;
    for (auto& slice : packet.slices()) count += (slice.size + largest - 1) / largest;
    return count;
}

/// Calls visit(PhysAddr, u32 size, bool is_last) for each of them, in order; the head is one.
template <typename F>
void for_each_piece(const device::Packet& packet, u32 largest, F&& visit) {
    u32 left = packet.size();
    auto piece = [&](PhysAddr address, u32 count) {
        left -= count;
        visit(address, count, left == 0);
    };
    piece(arch::physical(packet.head().data()), static_cast<u32>(packet.head().size()));
    for (auto& slice : packet.slices())
        for (u32 at = 0; at < slice.size; at += largest) piece(slice.address() + at, std::min(slice.size - at, largest));
}

/// Where the payload of a packet of TCP begins.
inline u32 tcp_payload_offset(const device::Packet& packet) {
    constexpr u32 tcp_data_offset = 12;  // [RFC 9293 3.1]
    auto* tcp = packet.layer(device::Layer::transport);
    return static_cast<u32>(packet.layer_offset(device::Layer::transport)) + (u32{static_cast<u8>(tcp[tcp_data_offset])} >> 4 << 2);
}

template <typename Self, u32 slots>
class TransmitQueue {
public:
    static constexpr u32 size = slots;
    static constexpr u32 max_waiting = 512;

    /// Any thread; the card is told once.
    void transmit(device::PacketList& packets) {
        Guard guard(lock_);
        if (!active_) [[unlikely]] return packets.clear();
        self().reclaim();
        waiting_.append(packets);
        send_waiting();
    }
    /// Lets go of what was sent, and sends what waited for room.
    void poll() {
        if (!self().has_sent()) return;
        if (waits()) lock_.lock();  // whoever holds the lock may have looked for the last time
        else if (!lock_.try_lock()) return;  // whoever holds it does the same
        if (active_) clean();
        lock_.unlock();
    }
    /// How many packets the card has not taken yet, or a number that falls with it.
    u64 untaken() {
        Guard guard(lock_);
        if (!active_) return 0;
        clean();
        return waiting_.count() + used();
    }
    /// Packets wait for room: there should be an interrupt when something was sent.
    bool waits() const { return waits_.load(std::memory_order_relaxed); }
    /// Lets go of everything: the card was reset.
    void close() {
        Guard guard(lock_);
        active_ = false;
        waiting_.clear();
        for (auto& packet : packets_) Owned<device::Packet>(std::exchange(packet, nullptr)).reset();
    }

    device::NetQueueCounters counters;  ///< written under the lock

protected:
    ~TransmitQueue() { close(); }

    /// The card takes packets from here on.
    void activate() {
        Guard guard(lock_);
        oldest_ = next_ = 0;
        active_ = true;
    }
    u32 used() const { return (next_ + size - oldest_) % size; }
    u32 oldest() const { return oldest_; }
    /// The last slot of the packet that begins at `first`.
    u32 last_of(u32 first) const { return last_of_[first]; }
    /// The slot that is written next.
    u32 next() const { return next_; }
    u32 take_slot() { return std::exchange(next_, (next_ + 1) % size); }
    /// Lets go of the oldest packet.
    void let_go() {
        Owned<device::Packet>(std::exchange(packets_[oldest_], nullptr)).reset();
        oldest_ = (last_of_[oldest_] + 1u) % size;
    }

    /// Whether a packet begins there.
    bool holds(u32 first) const { return first < size && packets_[first]; }
    /// Of the packet that begins at `first`, if cards are done with them in any order. False when there is none.
    bool let_go_of(u32 first) {
        if (!holds(first)) return false;
        Owned<device::Packet>(std::exchange(packets_[first], nullptr)).reset();
        while (used() && !packets_[oldest_]) oldest_ = (last_of_[oldest_] + 1u) % size;
        return true;
    }

private:
    Self& self() { return static_cast<Self&>(*this); }

    void clean() {
        self().reclaim();
        if (!waiting_.empty()) send_waiting();
    }

    void send_waiting() {
        u32 shown = next_;
        while (auto* first = waiting_.first()) {
            u32 count = self().slots_for(*first);
            if (count > self().most_slots(*first)) [[unlikely]] {
                compact_first();
                continue;
            }
            if (count > size - 1 - used()) {
                show(shown);
                // Nothing else may happen before there is room. What was sent meanwhile interrupts now, or is seen here.
                if (!waits_.exchange(true, std::memory_order_seq_cst)) self().want_interrupt();
                if (!self().has_sent()) break;
                self().reclaim();
                continue;
            }
            send(*waiting_.pop_front().release());  // the ring's now
        }
        for (; waiting_.count() > max_waiting; ++counters.send_queue_full) waiting_.pop_front();
        waits_.store(!waiting_.empty(), std::memory_order_relaxed);
        show(shown);
    }

    void send(device::Packet& packet) {
        u32 first = next_;
        counters.bytes_sent += packet.size();
        ++counters.packets_sent;
        self().put(packet);
        last_of_[first] = static_cast<u16>((next_ + size - 1) % size);
        packets_[first] = &packet;
    }

    /// The first that waits lies in too many pieces.
    void compact_first() {
        auto smaller = in_fewer_pieces(*waiting_.first());
        waiting_.pop_front();
        if (!smaller || self().slots_for(**smaller) > self().most_slots(**smaller)) ++counters.send_queue_full;
        else waiting_.push_front(std::move(*smaller));
    }

    /// Shows the card what it does not know of yet.
    void show(u32& shown) {
        if (next_ == shown) return;
        shown = next_;
        std::atomic_thread_fence(std::memory_order_release);  // the slots before the number; pairs with the card's read
        self().tell(next_);
        ++counters.notifications;
    }

    u32 oldest_ = 0, next_ = 0;
    bool active_ = false;
    u16 last_of_[size] = {};              ///< of the packet that begins here
    device::Packet* packets_[size] = {};  ///< that begin here
    sync::Spin lock_;
    device::PacketList waiting_;
    std::atomic<bool> waits_ = false;
};

}  // namespace spore::drivers
