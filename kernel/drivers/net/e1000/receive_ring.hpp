// The receive ring: descriptors with a frame each, which the device fills in order. The device has those from its head to its tail.
#pragma once

#include "kernel/device/net.hpp"
#include "kernel/drivers/net/e1000/hardware.hpp"
#include "kernel/drivers/net/receive_frames.hpp"

namespace spore::drivers::e1000 {

class ReceiveRing {
public:
    /// Makes the ring and tells the device of it. no_memory.
    Result<void> open(Hardware& hardware);
    /// Gives the device its first buffers, once it receives.
    void start();

    /// Takes up to `budget` packets; how many descriptors it looked at.
    u32 poll(u32 budget, device::PacketList& packets);
    bool has_news() const { return descriptors_[next_].status & wire::e1000::received_done; }

    device::NetQueueCounters counters;
    static constexpr u32 size = 128;

private:
    using Descriptor = wire::e1000::Received;

    void take(const Descriptor& found, device::PacketList& packets);
    void offer(u32 slot);

    Hardware* hardware_ = nullptr;
    memory::FrameRef ring_;
    volatile Descriptor* descriptors_ = nullptr;
    ReceiveFrames frames_;
    u32 next_ = 0;      ///< the device writes this one next
    u32 returned_ = 0;  ///< since the device was told
    Instant now_{};
    bool dropping_ = false;  ///< in a frame that takes more than one buffer, until its end
};

}  // namespace spore::drivers::e1000
