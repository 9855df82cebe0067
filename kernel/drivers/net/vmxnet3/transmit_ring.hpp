// The transmit ring: a descriptor for each of a packet's pieces. Sent packets are let go of when somebody sends the next, or polls: nobody is
// interrupted for that, unless packets wait for room.
#pragma once

#include "kernel/device/net.hpp"
#include "kernel/drivers/bus/hardware.hpp"
#include "kernel/drivers/net/vmxnet3/completions.hpp"
#include "kernel/sync/spin.hpp"

namespace spore::drivers::vmxnet3 {

class TransmitRing {
public:
    ~TransmitRing() { close(); }
    /// Makes the ring and describes it to the card. no_memory.
    Result<void> open(wire::vmxnet3::SendQueue& queue);
    /// The card is active. `interrupt`: its number, where sending has one of its own; it is masked, and masks itself.
    void start(Hardware& registers, u32 interrupt);

    /// Any thread; the card is told once.
    void transmit(device::PacketList& packets);
    /// Lets go of what was sent, and sends what waited for room.
    void poll();
    /// How many packets the card has not taken yet, or a number that falls with it.
    u64 untaken();
    /// Asks for the interrupt of its own while packets wait for room.
    void want_interrupt();
    /// The card named a packet that it had not.
    bool broken() const { return broken_.load(std::memory_order_relaxed); }
    /// Lets go of everything: the card was reset.
    void close();

    device::NetQueueCounters counters;  ///< written under the lock

    static constexpr u32 size = 256;
    static constexpr u32 max_waiting = 512;

private:
    u32 used() const { return (next_ + size - oldest_) % size; }
    bool waits() const { return waits_.load(std::memory_order_relaxed); }
    void reclaim();
    void let_go(u32 last);
    void send_waiting();
    void show(u32& shown);
    bool send(device::Packet& packet);
    void put(PhysAddr address, u32 low, u32 high);

    Hardware* registers_ = nullptr;
    memory::FrameRef ring_, completed_;
    volatile wire::vmxnet3::Descriptor* descriptors_ = nullptr;
    Completions<size> completions_;
    u32 interrupt_ = 0;  ///< of its own; 0: none
    bool active_ = false;
    u32 oldest_ = 0, next_ = 0;
    u32 generation_ = wire::vmxnet3::send_generation;
    u16 last_of_[size] = {};              ///< of the packet that begins here
    device::Packet* packets_[size] = {};  ///< that begin here
    sync::Spin lock_;
    device::PacketList waiting_;
    std::atomic<bool> waits_ = false, broken_ = false;
};

}  // namespace spore::drivers::vmxnet3
