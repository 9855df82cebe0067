// A device as a network device: one pair of queues, served by CPU 0. When it fails, asks for it or stops sending, it is reset and set up anew.
#pragma once

#include "kernel/drivers/net/gve/command_queue.hpp"
#include "kernel/drivers/net/gve/receive_ring.hpp"
#include "kernel/drivers/net/gve/transmit_ring.hpp"
#include "kernel/drivers/net/queue_job.hpp"

namespace spore::drivers::gve {

class Device final : public device::NetDevice, private QueueJob<Device> {
public:
    /// `hardware` reaches the registers in BAR 0, and interrupts; `doorbells` the words of BAR 2, of which there are so many.
    Device(Owned<Hardware> hardware, Owned<Hardware> doorbells, u32 doorbell_count, u8 revision, Registers::Pause pause)
        : hardware_(std::move(hardware)), doorbells_(std::move(doorbells)), doorbell_count_(doorbell_count), registers_(*hardware_, revision, pause) {}
    ~Device() override;

    /// Resets the device and learns what it is. not_supported, io, timed_out, no_memory.
    Result<void> open();

    device::MacAddress mac() const override { return about_.mac; }
    u16 mtu() const override { return about_.mtu; }
    const device::NetFeatures& features() const override { return features_; }
    bool link_up() const override { return link_up_.load(std::memory_order_relaxed) && !stopped(); }
    u16 queue_pairs() const override { return 1; }
    const char* driver() const override { return "gve"; }
    void transmit(device::PacketList& packets) override;
    u64 untaken() override { return transmit_.untaken(); }
    void start(device::NetSink& sink) override;
    device::NetQueueCounters counters(u16 pair) const override;

    /// It is in use no more, and recover() would help.
    bool has_trouble() const { return trouble_.load(std::memory_order_acquire); }
    /// Resets it and sets it up anew; without success its interface stays down. From a thread of CPU 0, which may sleep.
    void recover();
    /// Who is called when there is trouble, in any context.
    struct Helper {
        void (*call)(void* context) = nullptr;
        void* context = nullptr;
    };
    void set_helper(Helper helper) { helper_ = helper; }
    void set_pause(Registers::Pause pause) { registers_.set_pause(pause); }

private:
    friend class QueueJob<Device>;

    /// What the device says of itself.
    struct About {
        device::MacAddress mac;
        u16 mtu = 0;
        u32 send_entries = 0, receive_entries = 0, counters = 0, buffer_size = 0;
    };

    Result<void> set_up();
    Result<void> verify_driver();
    Result<About> describe();
    Result<void> connect();
    Result<void> make_queues();
    Result<void> configure();
    Result<void> learn_packet_types();
    Result<QueueDoorbells> find_doorbells(u32 queue);
    void take_down();
    std::byte* clean_scratch();

    void go();
    void give_up();
    void fail(const char* how);
    void look_at_status();
    static void on_sent(void* self);
    static void on_received(void* self);
    static void on_management(void* self);

    struct Watchdog : time::Timer {
        explicit Watchdog(Device& watched) : Timer(on_time), device(watched) {}
        static void on_time(time::Timer& timer);
        Device& device;
    };

    // ---- for the job ----
    bool stopped() const { return stopped_.load(std::memory_order_relaxed); }
    u32 receive(u32 budget);
    bool has_news() const { return receive_.has_news(); }
    void reclaim();
    void want_interrupts(bool wanted);

    Owned<Hardware> hardware_, doorbells_;
    u32 doorbell_count_;
    Registers registers_;
    CommandQueue commands_{registers_};
    memory::FrameRef scratch_;   ///< for what a command speaks of
    memory::FrameRef counters_;  ///< which the device writes, and nobody reads
    memory::FrameRef shared_;    ///< where it says which doorbells are whose
    About about_;
    u32 steps_ = 0;              ///< taken towards queues: it is configured, has one, has both
    device::NetFeatures features_;
    CheckedTypes types_;
    device::NetSink* sink_ = nullptr;
    ReceiveRing receive_;
    TransmitRing transmit_;
    Watchdog watchdog_{*this};
    Helper helper_;
    u64 interrupts_ = 0;
    std::atomic<bool> link_up_ = false, stopped_ = true, trouble_ = false;
};

}  // namespace spore::drivers::gve
