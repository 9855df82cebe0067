// A card as a network device: one channel, served by CPU 0.
#pragma once

#include "kernel/drivers/hyperv/net/set_up.hpp"
#include "kernel/drivers/net/queue_job.hpp"

namespace spore::drivers::hyperv::netvsc {

class Device final : public device::NetDevice, private QueueJob<Device> {
public:
    Device() = default;

    /// Agrees with the host on everything; the device lives as long as the machine from here on. Sleeps. On CPU 0, before there are others. Errors of
    /// SetUp::run.
    Result<void> open(Bus& bus, const Offer& offer);

    device::MacAddress mac() const override { return settings_.mac; }
    u16 mtu() const override { return settings_.mtu; }
    const device::NetFeatures& features() const override { return settings_.features; }
    bool link_up() const override { return control_.link_up() && !stopped(); }
    u16 queue_pairs() const override { return 1; }
    const char* driver() const override { return "netvsc"; }
    void transmit(device::PacketList& packets) override;
    u64 untaken() override { return sender_.untaken(); }
    void start(device::NetSink& sink) override;
    void set_promiscuous(bool on) override;
    device::NetQueueCounters counters(u16 pair) const override;

private:
    friend class QueueJob<Device>;

    static void on_event(void* self);

    // ---- for the job ----
    device::NetSink* sink() const { return sink_.load(std::memory_order_acquire); }
    bool stopped() const { return stopped_.load(std::memory_order_relaxed); }
    u32 receive(u32 budget);
    bool has_news() { return receiver_.has_news(); }
    void reclaim();
    void want_interrupts(bool wanted) { channel_.incoming.want_events(wanted); }
    void stop();

    Channel channel_;
    Sender sender_{channel_};
    Control control_{sender_};
    Receiver receiver_{channel_, sender_, control_};
    SetUp set_up_{channel_, sender_, control_, receiver_};
    Settings settings_;
    std::atomic<device::NetSink*> sink_ = nullptr;
    bool is_agreed_ = false;  ///< events are for the job from here on
    std::atomic<bool> stopped_ = false;
    u64 interrupts_ = 0;
};

}  // namespace spore::drivers::hyperv::netvsc
