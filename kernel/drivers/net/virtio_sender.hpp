// The send queue of a virtio-net device. Sent packets are let go of when somebody sends the next, or polls: nobody is interrupted for that,
// unless packets wait for room.
#pragma once

#include "base/locked.hpp"
#include "kernel/device/net.hpp"
#include "kernel/drivers/virtio/queue.hpp"
#include "kernel/sync/spin.hpp"
#include "wire/virtio_net.hpp"

namespace spore::drivers {

class VirtioSender {
public:
    VirtioSender() = default;
    ~VirtioSender() { close(); }

    struct Format {
        u32 header_size;
        bool any_layout;  ///< the header may share a descriptor with what follows
        bool event_index;
    };
    Result<void> open(virtio::Device& device, u16 index, const Format& format);

    /// Any thread; the device is told once, or later where that may wait.
    void transmit(device::PacketList& packets);
    /// Lets go of what was sent, sends what waited for room, and tells the device of what was put off.
    void poll();
    /// How many packets the device has not taken yet. It is told of those now.
    u64 untaken();
    /// On this CPU, which calls poll() soon, telling the device may wait until its program has dealt with other events. Or on nobody.
    void let_wait(u32 cpu) { patient_cpu_.store(cpu, std::memory_order_relaxed); }
    static constexpr u32 nobody = ~u32{0};
    /// Lets go of everything: the device was reset, and gets nothing more.
    void close();
    /// How the device broke the rules; null while it has not.
    const char* fault() const { return queue_->broken() ? "returned a packet that it did not have" : nullptr; }

    device::NetQueueCounters counters;  ///< written under the lock

    static constexpr u32 max_waiting = 512;
    /// The device has something to do meanwhile, and so have those who wait for answers.
    static constexpr u32 most_put_off = 8;

private:
    void reclaim();
    void send_waiting();
    void notify();
    bool send(device::Packet& packet);

    Owned<virtio::Queue> queue_;
    Format format_{};
    sync::Spin lock_;
    device::PacketList waiting_;
    std::atomic<u32> patient_cpu_ = nobody;
    std::atomic<bool> waits_ = false;  ///< whether waiting_ holds something
    std::atomic<u32> put_off_ = 0;  ///< how often since the device was told
    bool closed_ = false;
};

}  // namespace spore::drivers
