// A receive and a send queue of a virtio-net device, and the CPU that serves them.
//
// When interrupts are on: while the CPU sleeps, and while a program runs after packets came to it. Between being woken and going to sleep
// again the CPU looks for itself, in the idle loop, and a packet costs no interrupt. Should a program compute all the while, a watch
// notices that nobody has looked and turns interrupts on.
#pragma once

#include "kernel/device/poller.hpp"
#include "kernel/drivers/net/virtio_receiver.hpp"
#include "kernel/drivers/net/virtio_sender.hpp"
#include "kernel/time/timer.hpp"

namespace spore::drivers {

class VirtioNet;

class VirtioPair final : public device::PollJob {
public:
    VirtioReceiver receiver;
    VirtioSender sender;

    /// Before anything else.
    void belong_to(VirtioNet& device) { device_ = &device; }
    bool poll(u32 budget) override;
    bool before_sleep() override;
    /// The device's interrupt, on the pair's CPU.
    static void on_interrupt(void* self);

private:
    struct Watch : time::Timer {
        explicit Watch(VirtioPair& watched) : Timer(on_time), pair(watched) {}
        static void on_time(time::Timer& timer);
        VirtioPair& pair;
    };
    void listen(bool wanted);
    void look_for_faults();

    VirtioNet* device_ = nullptr;
    Watch watch_{*this};
    bool listening_ = true;   ///< a fresh queue interrupts
    bool resident_ = false;
    u64 interrupts_ = 0;

    friend class VirtioNet;
};

}  // namespace spore::drivers
