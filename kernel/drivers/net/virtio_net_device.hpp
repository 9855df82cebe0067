// The virtio-net driver's idea of its device.
#pragma once

#include <atomic>

#include "kernel/drivers/net/virtio_control.hpp"
#include "kernel/drivers/net/virtio_filter.hpp"
#include "kernel/drivers/net/virtio_pair.hpp"

namespace spore::drivers {

class VirtioNet final : public device::NetDevice {
public:
    explicit VirtioNet(Owned<virtio::Device> device) : device_(std::move(device)) {}
    ~VirtioNet() override;

    /// Agrees with the device on features; queues come with start(), when it is known how many CPUs there are.
    Result<void> open();

    device::MacAddress mac() const override { return mac_; }
    u16 mtu() const override { return mtu_; }
    const device::NetFeatures& features() const override { return net_features_; }
    bool link_up() const override { return link_up_.load(std::memory_order_relaxed) && !failed(); }
    u16 queue_pairs() const override { return pair_count_; }
    const char* driver() const override { return "virtio-net"; }
    void transmit(device::PacketList& packets) override;
    u64 untaken() override;
    void start(device::NetSink& sink) override;
    device::NetQueueCounters counters(u16 pair) const override;
    void set_multicast(std::span<const device::MacAddress> groups) override;
    void set_promiscuous(bool on) override;

    // ---- for its pairs ----
    void deliver(device::PacketList& packets) { sink_->receive(*this, packets); }
    bool failed() const { return failed_.load(std::memory_order_relaxed); }
    /// The device broke the rules: it is stopped, and the interface goes down.
    void fail(const char* how);

private:
    Result<void> open_queues();
    Result<void> open_pair(u16 index, u32 header_size);
    void read_link();
    static void on_config(void* self);
    bool has(u64 feature) const { return features_ & feature; }

    Owned<virtio::Device> device_;
    u64 features_ = 0;
    device::MacAddress mac_;
    u16 mtu_ = 1500;
    u16 max_pairs_ = 1, pair_count_ = 1;
    device::NetFeatures net_features_;
    std::atomic<bool> link_up_ = true, failed_ = false;
    device::NetSink* sink_ = nullptr;
    VirtioPair* pairs_ = nullptr;
    VirtioControl control_;
    VirtioFilter filter_;
};

}  // namespace spore::drivers
