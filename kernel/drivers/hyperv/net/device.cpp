#include "kernel/drivers/hyperv/net/device.hpp"

#include "kernel/core/log.hpp"

namespace spore::drivers::hyperv::netvsc {

namespace rndis = wire::rndis;

namespace {
constexpr u32 ring_pages = 16;
/// Groups are not told of: there is no limit to what the host hands on.
constexpr u32 usual_filter = rndis::filter_directed | rndis::filter_broadcast | rndis::filter_all_multicast;
}  // namespace

Result<void> Device::open(Bus& bus, const Offer& offer) {
    TRY(channel_.open(bus, offer, ring_pages, on_event, this));
    settings_ = TRY(set_up_.run(bus, offer.channel));
    (void)control_.link_changed();  // nobody has asked before
    is_agreed_ = true;
    interrupted(Masked::no);  // as if there had been one: of what has come there may be no other. Here, on CPU 0, which has no neighbours yet
    return {};
}

void Device::start(device::NetSink& sink) {
    sink_.store(&sink, std::memory_order_release);
    control_.set_filter(usual_filter);
}

void Device::on_event(void* self) {
    auto& device = *static_cast<Device*>(self);
    if (!device.is_agreed_) return device.set_up_.wake();
    ++device.interrupts_;
    if (!device.stopped()) device.interrupted(Masked::no);
}

void Device::transmit(device::PacketList& packets) {
    if (!sink() || stopped()) [[unlikely]] return packets.clear();
    sender_.transmit(packets);
}

void Device::set_promiscuous(bool on) {
    if (sink() && !stopped()) control_.set_filter(usual_filter | (on ? rndis::filter_promiscuous : 0));
}

u32 Device::receive(u32 budget) {
    device::PacketList packets;
    u32 done = receiver_.poll(budget, packets);
    auto* stack = sink();
    if (!packets.empty() && stack) stack->receive(*this, packets);
    if (channel_.broken() || control_.refused()) [[unlikely]] stop();
    else if (control_.link_changed() && stack) [[unlikely]] stack->link_changed(*this);
    return done;
}

void Device::reclaim() {
    sender_.poll();
    control_.poll();
}

/// What the host may still use stays as it is.
void Device::stop() {
    if (stopped_.exchange(true)) return;
    core::error("the host of a netvsc broke the rules, or took it away: its interface is down");
    channel_.give_up();
    sender_.settle(0);  // nobody waits any more
    if (sink()) sink()->link_changed(*this);
}

device::NetQueueCounters Device::counters(u16 pair) const {
    if (pair) return {};
    return receiver_.counters.with_sent(sender_.counters, interrupts_);
}

}  // namespace spore::drivers::hyperv::netvsc
