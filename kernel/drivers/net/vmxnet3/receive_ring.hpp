// The receive ring: descriptors with a frame each, which the card fills in order. One stays ours, so that full and empty differ.
#pragma once

#include "kernel/device/net.hpp"
#include "kernel/drivers/bus/hardware.hpp"
#include "kernel/drivers/net/receive_frames.hpp"
#include "kernel/drivers/net/vmxnet3/completions.hpp"

namespace spore::drivers::vmxnet3 {

class ReceiveRing {
public:
    /// Makes the ring and describes it to the card, in memory that the card can write. no_memory.
    Result<void> open(Hardware& registers, wire::vmxnet3::ReceiveQueue& queue);
    /// Gives the card its first buffers, once it is active.
    void start() { tell(); }

    /// Takes up to `budget` packets; how many completions it looked at.
    u32 poll(u32 budget, device::PacketList& packets);
    bool has_news() const { return completions_.has_news(); }
    /// The card named a buffer that it had not.
    bool broken() const { return broken_; }

    device::NetQueueCounters counters;
    static constexpr u32 size = 128;

private:
    bool take(const wire::vmxnet3::Completion& found, device::PacketList& packets);
    void offer(u32 slot);
    void tell();

    Hardware* registers_ = nullptr;
    volatile wire::vmxnet3::ReceiveQueue* queue_ = nullptr;
    memory::FrameRef page_;
    volatile wire::vmxnet3::Descriptor* descriptors_ = nullptr;
    Completions<size> completions_;
    ReceiveFrames frames_;
    u32 next_ = 0;         ///< the card fills this one next
    u32 ours_ = size - 1;  ///< it has all others
    u32 generation_ = wire::vmxnet3::receive_generation;
    u32 returned_ = 0;     ///< since the card was told
    Instant now_{};
    bool broken_ = false;
};

}  // namespace spore::drivers::vmxnet3
