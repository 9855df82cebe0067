// A queue of requests that threads wait for, side by side.
#pragma once

#include "kernel/drivers/request_slots.hpp"
#include "kernel/drivers/virtio/queue.hpp"

namespace spore::drivers::virtio {

class RequestQueue final : public RequestSlots {
public:
    RequestQueue() : RequestSlots(unlimited) {}

    /// Makes the device's queue `index`, and connects its interrupt. Lives as long as the machine. not_supported when it cannot hold `longest` pieces.
    Result<void> open(Device& device, u16 index, u16 size, bool event_index, std::size_t longest);

    /// Gives the chain to the device and sleeps until it has finished: how many bytes it wrote. io when the device broke the rules: the slot
    /// stays taken then, since the device may still write to what it stands for.
    Result<u32> run(u16 slot, std::span<const Buffer> chain);

private:
    void reap() override;
    bool broken() const override { return queue_->broken(); }
    bool listen() override;
    static void on_interrupt(void* self);

    Owned<Queue> queue_;
};

}  // namespace spore::drivers::virtio
