#include "kernel/drivers/net/virtio_pair.hpp"

#include "arch/cpu.hpp"
#include "kernel/drivers/net/virtio_net_device.hpp"

namespace spore::drivers {

void VirtioPair::on_interrupt(void* self) {
    auto& pair = *static_cast<VirtioPair*>(self);
    ++pair.interrupts_;
    pair.interrupted(Masked::no);
}

bool VirtioPair::stopped() const { return device_->failed(); }

u32 VirtioPair::receive(u32 budget) {
    device::PacketList packets;
    u32 done = receiver.poll(budget, packets);
    if (!packets.empty()) device_->deliver(packets);
    if (auto* fault = receiver.fault()) [[unlikely]] device_->fail(fault);
    return done;
}

/// While nobody interrupts, this CPU looks often enough to notify of what was put off.
void VirtioPair::want_interrupts(bool wanted) {
    receiver.want_interrupts(wanted);
    sender.let_wait(wanted ? VirtioSender::nobody : arch::cpu_id());
}

void VirtioPair::reclaim() {
    sender.poll();
    if (auto* fault = sender.fault()) [[unlikely]] device_->fail(fault);
}

}  // namespace spore::drivers
