// The transmit ring. A packet is a descriptor for each of its pieces, behind one for where its checksums are, when that has changed. Sent
// packets are let go of when somebody sends the next, or polls: nobody is interrupted for that, unless packets wait for room.
#pragma once

#include "base/locked.hpp"
#include "kernel/device/net.hpp"
#include "kernel/drivers/net/e1000/hardware.hpp"
#include "kernel/sync/spin.hpp"

namespace spore::drivers::e1000 {

class TransmitRing {
public:
    ~TransmitRing() { close(); }
    /// Makes the ring and tells the device of it. no_memory.
    Result<void> open(Hardware& hardware);

    /// What interrupts when something was sent.
    void set_sent_cause(u32 cause) { sent_cause_ = cause; }

    /// Any thread; the device is told once.
    void transmit(device::PacketList& packets);
    /// Lets go of what was sent, and sends what waited for room.
    void poll();
    /// How many packets the device has not taken yet, or a number that falls with it.
    u64 untaken();
    /// Packets wait for room: there should be an interrupt when something was sent.
    bool waits() const { return waits_.load(std::memory_order_relaxed); }
    /// Lets go of everything: the device was reset.
    void close();

    device::NetQueueCounters counters;  ///< written under the lock

    static constexpr u32 size = 256;
    static constexpr u32 max_waiting = 512;

private:
    using Descriptor = wire::e1000::Transmit;

    bool has_sent() const { return oldest_ != next_ && descriptors_[last_of_[oldest_]].high & wire::e1000::transmit_done; }
    u32 free() const { return (oldest_ + size - next_ - 1) % size; }
    void reclaim();
    void send_waiting();
    void show(u32& shown);
    bool send(device::Packet& packet);
    u64 put_context(device::Packet& packet);
    void put(u64 low, u64 high);

    Hardware* hardware_ = nullptr;
    memory::FrameRef ring_;
    volatile Descriptor* descriptors_ = nullptr;
    u32 oldest_ = 0, next_ = 0;
    u32 sent_cause_ = wire::e1000::cause_sent;
    u64 context_ = 0;                 ///< places of checksums, as the device knows them
    u16 last_of_[size] = {};          ///< of the packet that begins here
    device::Packet* packets_[size] = {};  ///< that begin here
    sync::Spin lock_;
    device::PacketList waiting_;
    std::atomic<bool> waits_ = false;
};

}  // namespace spore::drivers::e1000
