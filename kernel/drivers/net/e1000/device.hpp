// A controller as a network device: one pair of rings, served by CPU 0.
#pragma once

#include "kernel/drivers/net/e1000/model.hpp"
#include "kernel/drivers/net/e1000/receive_ring.hpp"
#include "kernel/drivers/net/e1000/transmit_ring.hpp"
#include "kernel/drivers/net/queue_job.hpp"

namespace spore::drivers::e1000 {

class Device final : public device::NetDevice, private QueueJob<Device> {
public:
    Device(Owned<Hardware> hardware, const Model& model) : hardware_(std::move(hardware)), model_(model) {}
    ~Device() override;

    /// Resets the controller and reads its address. io when it has none.
    Result<void> open();

    device::MacAddress mac() const override { return mac_; }
    u16 mtu() const override { return 1500; }
    const device::NetFeatures& features() const override { return features_; }
    bool link_up() const override { return link_up_.load(std::memory_order_relaxed); }
    u16 queue_pairs() const override { return 1; }
    const char* driver() const override { return model_.driver; }
    void transmit(device::PacketList& packets) override { transmit_.transmit(packets); }
    u64 untaken() override { return transmit_.untaken(); }
    void start(device::NetSink& sink) override;
    device::NetQueueCounters counters(u16 pair) const override;
    void set_multicast(std::span<const device::MacAddress> groups) override;
    void set_promiscuous(bool on) override;

private:
    friend class QueueJob<Device>;

    Result<void> open_rings();
    Result<void> read_address();
    u16 read_eeprom(u32 word);
    void reset();
    void read_link();
    void set_receive(u32 bit, bool on);
    u32 read(Register r) { return hardware_->read(r); }
    void write(Register r, u32 value, u32 index = 0) { hardware_->write(r, value, index); }

    static void on_shared(void* self);
    static void on_queues(void* self);
    static void on_other(void* self);
    void change_link();

    // ---- for the job ----
    bool stopped() const { return stopped_; }
    u32 receive(u32 budget);
    bool has_news() const { return receive_.has_news(); }
    void reclaim() { transmit_.poll(); }
    void want_interrupts(bool wanted);
    u32 sent_cause() const { return signals_ == Hardware::Signals::messages ? wire::e1000::cause_send_queue : wire::e1000::cause_sent; }

    Owned<Hardware> hardware_;
    const Model& model_;
    device::MacAddress mac_;
    device::NetFeatures features_;
    device::NetSink* sink_ = nullptr;
    ReceiveRing receive_;
    TransmitRing transmit_;
    Hardware::Signals signals_ = Hardware::Signals::shared;
    sync::Spin control_lock_;
    u32 receive_control_ = 0;                            ///< as it was written last
    u32 multicast_[wire::e1000::multicast_words] = {};  ///< the same
    std::atomic<bool> link_up_ = false;
    bool stopped_ = false;
    u64 interrupts_ = 0;
};

}  // namespace spore::drivers::e1000
