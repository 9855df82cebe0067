// The transmit ring: a descriptor for each of a packet's pieces.
#pragma once

#include "kernel/drivers/bus/hardware.hpp"
#include "kernel/drivers/net/transmit_queue.hpp"
#include "kernel/drivers/net/vmxnet3/completions.hpp"

namespace spore::drivers::vmxnet3 {

class TransmitRing final : public TransmitQueue<TransmitRing, 256> {
public:
    /// Makes the ring and describes it to the card. no_memory.
    Result<void> open(wire::vmxnet3::SendQueue& queue);
    /// The card is active. `interrupt`: its number, where sending has one of its own; it is masked, and masks itself.
    void start(Hardware& registers, u32 interrupt);

    /// Asks for the interrupt of its own while packets wait for room.
    void want_interrupt();
    /// The card named a packet that it had not.
    bool broken() const { return broken_.load(std::memory_order_relaxed); }

private:
    friend TransmitQueue;

    static u32 slots_for(const device::Packet& packet) { return pieces_of(packet, wire::vmxnet3::largest_piece); }
    static u32 most_slots(const device::Packet& packet) {
        return packet.segmentation == device::Segmentation::none ? wire::vmxnet3::most_pieces : wire::vmxnet3::most_segmented_pieces;
    }
    void put(device::Packet& packet);
    bool has_sent() const { return completions_.has_news() && !broken(); }
    void reclaim();
    void tell(u32 next) { registers_->write(static_cast<u32>(wire::vmxnet3::QueueRegister::sent), next); }

    void let_go_up_to(u32 last);
    void put(PhysAddr address, u32 low, u32 high);

    Hardware* registers_ = nullptr;
    memory::FrameRef ring_, completed_;
    volatile wire::vmxnet3::Descriptor* descriptors_ = nullptr;
    Completions<size> completions_;
    u32 interrupt_ = 0;  ///< of its own; 0: none
    u32 generation_ = wire::vmxnet3::send_generation;
    std::atomic<bool> broken_ = false;
};

}  // namespace spore::drivers::vmxnet3
