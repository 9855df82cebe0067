// A card as a network device: one pair of rings, served by CPU 0.
#pragma once

#include "kernel/drivers/net/queue_job.hpp"
#include "kernel/drivers/net/vmxnet3/receive_ring.hpp"
#include "kernel/drivers/net/vmxnet3/transmit_ring.hpp"

namespace spore::drivers::vmxnet3 {

class Device final : public device::NetDevice, private QueueJob<Device> {
public:
    /// `queues` and `control` are the registers of BAR 0 and BAR 1.
    Device(Owned<Hardware> queues, Owned<Hardware> control) : queues_(std::move(queues)), control_(std::move(control)) {}
    ~Device() override;

    /// Agrees with the card on a revision, and reads its address. not_supported, io.
    Result<void> open();

    device::MacAddress mac() const override { return mac_; }
    u16 mtu() const override { return 1500; }
    const device::NetFeatures& features() const override { return features_; }
    bool link_up() const override { return link_up_.load(std::memory_order_relaxed) && !stopped(); }
    u16 queue_pairs() const override { return 1; }
    const char* driver() const override { return "vmxnet3"; }
    void transmit(device::PacketList& packets) override;
    u64 untaken() override { return transmit_.untaken(); }
    void start(device::NetSink& sink) override;
    device::NetQueueCounters counters(u16 pair) const override;
    void set_multicast(std::span<const device::MacAddress> groups) override;
    void set_promiscuous(bool on) override;

private:
    friend class QueueJob<Device>;
    using Register = wire::vmxnet3::Register;
    using Command = wire::vmxnet3::Command;

    static constexpr u32 listed_groups = 64;
    /// All that the card reads of our settings, and what it tells in return.
    struct Page {
        wire::vmxnet3::Shared shared;
        wire::vmxnet3::SendQueue send;
        wire::vmxnet3::ReceiveQueue receive;
        device::MacAddress groups[listed_groups];
    };
    static_assert(sizeof(Page) <= page_size);

    Result<void> activate();
    Result<void> connect();
    void fail(const char* how);
    void stop();
    void set_receive_mode(u32 mode);
    void read_link();
    void see_events();
    static void on_queues(void* self);
    static void on_shared(void* self);
    static void on_sent(void* self);
    void woken() { interrupted(masks_itself_ ? Masked::yes : Masked::no); }

    u32 read(Register r) { return control_->read(static_cast<u32>(r)); }
    void write(Register r, u32 value) { control_->write(static_cast<u32>(r), value); }
    void tell(Command command) { write(Register::command, static_cast<u32>(command)); }
    u32 ask(Command command);
    void mask(u32 interrupt, bool masked) {
        queues_->write(static_cast<u32>(wire::vmxnet3::QueueRegister::interrupt_mask) + interrupt * 8, masked);
    }
    volatile Page& page() const { return *reinterpret_cast<volatile Page*>(page_.bytes()); }

    // ---- for the job ----
    bool stopped() const { return stopped_.load(std::memory_order_relaxed); }
    u32 receive(u32 budget);
    bool has_news() const { return receive_.has_news(); }
    void reclaim();
    void want_interrupts(bool wanted);

    Owned<Hardware> queues_, control_;
    device::MacAddress mac_;
    device::NetFeatures features_;
    device::NetSink* sink_ = nullptr;
    memory::FrameRef page_;
    ReceiveRing receive_;
    TransmitRing transmit_;
    sync::Spin control_lock_;
    bool masks_itself_ = true;
    u32 sent_interrupt_ = 0;  ///< 0: the queues share one
    u32 receive_mode_ = 0;    ///< as the card was told last
    u64 interrupts_ = 0;
    std::atomic<bool> link_up_ = false, stopped_ = false;
};

}  // namespace spore::drivers::vmxnet3
