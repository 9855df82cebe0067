// Packets to the other end. The head of each is copied to a place of its slot's that is allowed for ever; what follows is sent from where it lies. Sent
// packets are let go of when somebody sends the next, or polls.
#pragma once

#include <atomic>

#include "kernel/device/net.hpp"
#include "kernel/drivers/xen/ring.hpp"
#include "kernel/sync/spin.hpp"
#include "wire/xen/net.hpp"

namespace spore::drivers::xen {

class Sender {
public:
    Sender() = default;
    Sender(const Sender&) = delete;
    /// When nobody is at the other end any more.
    ~Sender();

    /// no_memory, no_space.
    Result<void> open(u16 domain);
    u32 grant() const { return ring_.grant(); }
    void start(u32 port);

    /// Any thread.
    void transmit(device::PacketList& packets);
    /// Lets go of what was sent, and sends what waited for room.
    void poll();
    /// How many packets the other end has not taken yet, or a number that falls with it.
    u64 untaken();
    bool broken() { return ring_.broken(); }

    device::NetQueueCounters counters;  ///< written under the lock

    static constexpr u32 max_waiting = 512;

private:
    using SendRing = Ring<wire::xen::SendRequest, wire::xen::SendAnswer>;
    static constexpr u32 slots = SendRing::size;
    static constexpr u32 head_size = device::Packet::head_capacity, heads_per_page = page_size / head_size, head_pages = slots / heads_per_page;

    void reclaim();
    void send_waiting();
    bool send(device::Packet& packet);
    void put(u32 grant, PhysAddr address, u32 size, u32 slot, u16 flags);
    void let_go(u32 slot);

    SendRing ring_;
    u16 domain_ = 0;
    u32 port_ = 0;
    u32 grants_ = 0, head_grants_ = 0;  ///< of slots, of heads' pages
    memory::FrameRef heads_[head_pages];
    // A request's slot is free when it was answered, in whatever order that happens.
    u16 free_[slots], free_count_ = 0;
    device::Packet* packets_[slots] = {};  ///< of which the slot has a piece; its note counts them
    bool granted_[slots] = {};
    u32 shown_ = 0;                       ///< written and not published
    sync::Spin lock_;
    device::PacketList waiting_;
    std::atomic<bool> waits_ = false, started_ = false;
};

}  // namespace spore::drivers::xen
