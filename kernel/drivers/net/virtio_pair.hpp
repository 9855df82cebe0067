// A receive and a send queue of a virtio-net device, and the CPU that serves them.
#pragma once

#include "kernel/drivers/net/queue_job.hpp"
#include "kernel/drivers/net/virtio_receiver.hpp"
#include "kernel/drivers/net/virtio_sender.hpp"

namespace spore::drivers {

class VirtioNet;

class VirtioPair final : public QueueJob<VirtioPair> {
public:
    VirtioReceiver receiver;
    VirtioSender sender;

    /// Before anything else.
    void belong_to(VirtioNet& device) { device_ = &device; }
    /// The device's interrupt, on the pair's CPU.
    static void on_interrupt(void* self);

private:
    friend class QueueJob<VirtioPair>;
    friend class VirtioNet;

    bool stopped() const;
    u32 receive(u32 budget);
    bool has_news() const { return receiver.has_news(); }
    void reclaim();
    void want_interrupts(bool wanted);

    VirtioNet* device_ = nullptr;
    u64 interrupts_ = 0;
};

}  // namespace spore::drivers
