#include "kernel/drivers/net/virtio_pair.hpp"

#include "kernel/drivers/net/virtio_net_device.hpp"

namespace spore::drivers {

namespace {
/// How long packets may wait while a program computes that was woken by earlier ones.
constexpr Duration watch_interval = Duration::ms(4);
}  // namespace

void VirtioPair::on_interrupt(void* self) {
    auto& pair = *static_cast<VirtioPair*>(self);
    ++pair.interrupts_;
    pair.listen(false);
    if (!pair.resident_) {
        pair.resident_ = true;
        pair.reside();
    }
    pair.schedule();
}

void VirtioPair::Watch::on_time(time::Timer& timer) {
    auto& pair = static_cast<Watch&>(timer).pair;
    if (!pair.listening_) pair.schedule();
}

void VirtioPair::listen(bool wanted) {
    listening_ = wanted;
    receiver.want_interrupts(wanted);
}

bool VirtioPair::poll(u32 budget) {
    if (device_->failed()) return false;
    if (listening_) listen(false);
    u32 done = 0;
    while (true) {
        device::PacketList packets;
        done += receiver.poll(budget - done, packets);
        if (!packets.empty()) device_->deliver(packets);
        sender.poll();
        look_for_faults();
        if (device_->failed()) return false;
        if (done >= budget) return true;
        if (idle()) break;
        listen(true);
        if (!receiver.has_news()) return false;
        listen(false);
    }
    if (!watch_.armed()) watch_.arm(time::now() + watch_interval);
    return false;
}

bool VirtioPair::before_sleep() {
    if (device_->failed()) return false;
    if (receiver.has_news()) return true;
    sender.poll();  // memory should not wait as long as the CPU may sleep
    if (listening_) return false;
    listen(true);
    return receiver.has_news();
}

void VirtioPair::look_for_faults() {
    if (auto* fault = receiver.fault()) device_->fail(fault);
    else if ((fault = sender.fault())) device_->fail(fault);
}

}  // namespace spore::drivers
