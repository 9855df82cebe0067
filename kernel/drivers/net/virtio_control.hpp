// The control queue of a virtio-net device [virtio 1.2 5.1.6.5]: what it is to receive, and how many queues are in use.
#pragma once

#include "base/bytes.hpp"
#include "kernel/drivers/virtio/queue.hpp"
#include "kernel/sync/spin.hpp"
#include "wire/virtio_net.hpp"

namespace spore::drivers {

class VirtioControl {
public:
    Result<void> open(virtio::Device& device, u16 index, bool event_index);

    /// Gives the device a command, and does not wait for the answer. no_space when too many have none yet, or it is longer than max_data.
    Result<void> post(wire::virtio_net::Command command, ByteSpan data);
    /// Waits for the answers to all commands. io when one was refused, or the device does not answer in time.
    Result<void> finish();

    static constexpr u32 max_data = 500;

private:
    struct Slot;
    static constexpr u32 slots = 8;
    void reap();
    Slot& slot(u32 index) const;

    Owned<virtio::Queue> queue_;
    memory::FrameRef page_;
    sync::Spin lock_;
    u32 busy_ = 0;  ///< a bit for each slot
    bool refused_ = false;
};

}  // namespace spore::drivers
