// A queue of requests that threads wait for, side by side: each takes a slot, which is its token and stands for memory of the driver's.
#pragma once

#include "kernel/drivers/virtio/queue.hpp"
#include "kernel/sync/wait_queue.hpp"

namespace spore::drivers::virtio {

class RequestQueue {
public:
    static constexpr u16 slots = 32;

    /// Makes the device's queue `index`, and connects its interrupt. Lives as long as the machine. not_supported when it cannot hold `longest` pieces.
    Result<void> open(Device& device, u16 index, u16 size, bool event_index, std::size_t longest);

    /// A free slot; sleeps until there is one. io when the device broke the rules.
    Result<u16> take_slot();
    /// Gives the chain to the device and sleeps until it has finished: how many bytes it wrote. io when the device broke the rules: the slot
    /// stays taken then, since the device may still write to what it stands for.
    Result<u32> run(u16 slot, std::span<const Buffer> chain);
    void give_slot(u16 slot);

private:
    enum class State : u8 { free, taken, done };
    void reap();
    static void on_interrupt(void* self);

    Owned<Queue> queue_;
    sync::Spin lock_;
    sync::WaitQueue news_;
    State states_[slots] = {};
    u32 written_[slots];
};

}  // namespace spore::drivers::virtio
