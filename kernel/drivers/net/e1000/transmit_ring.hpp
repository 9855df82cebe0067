// The transmit ring. A packet is a descriptor for each of its pieces, behind one for where its checksums are, when that has changed.
#pragma once

#include "kernel/drivers/net/e1000/hardware.hpp"
#include "kernel/drivers/net/transmit_queue.hpp"

namespace spore::drivers::e1000 {

class TransmitRing final : public TransmitQueue<TransmitRing, 256> {
public:
    /// Makes the ring and tells the device of it. no_memory.
    Result<void> open(Hardware& hardware);

    /// What interrupts when something was sent.
    void set_sent_cause(u32 cause) { sent_cause_ = cause; }

private:
    friend TransmitQueue;
    using Descriptor = wire::e1000::Transmit;

    static u32 slots_for(const device::Packet& packet);
    static u32 most_slots(const device::Packet&) { return size - 1; }
    void put(device::Packet& packet);
    bool has_sent() const { return used() && descriptors_[last_of(oldest())].high & wire::e1000::transmit_done; }
    void reclaim() {
        while (has_sent()) let_go();
    }
    void want_interrupt() { hardware_->write(Register::interrupt_set, sent_cause_); }
    void tell(u32 next) { hardware_->write(Register::transmit_tail, next); }

    u64 put_context(device::Packet& packet);
    void put(u64 low, u64 high);

    Hardware* hardware_ = nullptr;
    memory::FrameRef ring_;
    volatile Descriptor* descriptors_ = nullptr;
    u32 sent_cause_ = wire::e1000::cause_sent;
    u64 context_ = 0;  ///< places of checksums, as the device knows them
};

}  // namespace spore::drivers::e1000
