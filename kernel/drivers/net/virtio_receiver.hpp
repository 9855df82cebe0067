// The receive queue of a virtio-net device. What lies in a frame is copied or sliced (ReceiveFrames), and the device gets the slot's frame back at
// once: the number of posted frames never falls.
#pragma once

#include "kernel/device/net.hpp"
#include "kernel/drivers/net/receive_frames.hpp"
#include "kernel/drivers/virtio/queue.hpp"
#include "wire/virtio_net.hpp"

namespace spore::drivers {

class VirtioReceiver {
public:
    struct Format {
        u32 header_size;
        bool merged;      ///< a packet may lie in several buffers
        bool segmented;   ///< and be as large as 64 KiB
        bool event_index;
    };

    /// Installs the queue. It posts at most `limit` frames.
    Result<void> open(virtio::Device& device, u16 index, const Format& format, u32 limit);
    /// Posts the first frames, when the device runs. no_memory.
    Result<void> start();

    /// Takes up to `budget` packets; how many it looked at. The device has got as many frames back.
    u32 poll(u32 budget, device::PacketList& packets);
    bool has_news() const { return queue_->has_news(); }
    void want_interrupts(bool wanted) { queue_->want_interrupts(wanted); }
    /// How the device broke the rules; null while it has not.
    const char* fault() const { return fault_; }

    device::NetQueueCounters counters;
    u32 posted() const { return posted_; }

private:
    using Filled = virtio::Queue::Filled;
    using Header = wire::virtio_net::Header;

    bool take(Filled first, device::PacketList& packets);
    Owned<device::Packet> collect(Filled first, u32 buffers);
    void post(u16 slot) { queue_->post(slot, frames_.address(slot), page_size); }
    void post_more(u32 wanted);
    bool fail(const char* fault) {
        if (!fault_) fault_ = fault;
        return false;
    }

    Owned<virtio::Queue> queue_;
    ReceiveFrames frames_;
    Format format_{};
    u32 posted_ = 0;  ///< slots with a frame: the first ones
    u32 limit_ = 0;
    u32 burst_ = 0;   ///< buffers taken since there was nothing new
    const char* fault_ = nullptr;
    Instant now_{};
};

}  // namespace spore::drivers
