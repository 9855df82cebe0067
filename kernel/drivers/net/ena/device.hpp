// A device as a network device: one pair of queues, served by CPU 0. When it fails, or no longer says that it lives, it is reset and set up anew.
#pragma once

#include "kernel/drivers/net/ena/event_queue.hpp"
#include "kernel/drivers/net/ena/receive_ring.hpp"
#include "kernel/drivers/net/ena/transmit_ring.hpp"
#include "kernel/drivers/net/queue_job.hpp"

namespace spore::drivers::ena {

class Device final : public device::NetDevice, private QueueJob<Device> {
public:
    /// `hardware` reaches the registers in BAR 0, of which there are `register_space` bytes, and interrupts; `plain`: registers can be read.
    Device(Owned<Hardware> hardware, u32 register_space, Memory memory, bool plain, Registers::Pause pause)
        : hardware_(std::move(hardware)), register_space_(register_space), memory_(memory), registers_(*hardware_, plain, pause) {}
    ~Device() override;

    /// Resets the device and learns what it is. not_supported, io, timed_out, no_memory.
    Result<void> open();

    device::MacAddress mac() const override { return mac_; }
    u16 mtu() const override { return mtu_; }
    const device::NetFeatures& features() const override { return features_; }
    bool link_up() const override { return link_up_.load(std::memory_order_relaxed) && !stopped(); }
    u16 queue_pairs() const override { return 1; }
    const char* driver() const override { return "ena"; }
    void transmit(device::PacketList& packets) override;
    u64 untaken() override { return transmit_.untaken(); }
    void start(device::NetSink& sink) override;
    device::NetQueueCounters counters(u16 pair) const override;

    /// It is in use no more, and recover() would help.
    bool has_trouble() const { return trouble_.load(std::memory_order_acquire) != no_trouble; }
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
    using ResetReason = wire::ena::ResetReason;
    static constexpr u32 no_trouble = ~u32{0};

    Result<void> reset(ResetReason reason);
    Result<void> set_up();
    Result<void> check_versions();
    Result<void> describe_host();
    Result<void> read_attributes();
    Result<void> read_queue_limits();
    Result<void> read_offloads();
    Result<void> choose_memory();
    Result<void> listen_to_events();
    Result<void> set_mtu();
    Result<void> connect();
    Result<void> make_queues();
    bool supports(wire::ena::Feature feature) const { return supported_ >> static_cast<u32>(feature) & 1; }

    void go();
    void use_hints(const wire::ena::Hints& hints);
    void fail(ResetReason reason, const char* how);
    void see_event(const wire::ena::Event& event);
    void set_link(bool up);
    static void on_management(void* self);
    static void on_queues(void* self);
    static void on_sent(void* self);

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

    Owned<Hardware> hardware_;
    u32 register_space_;
    Memory memory_;
    Registers registers_;
    CommandQueue commands_{registers_};
    EventQueue events_{registers_};
    memory::FrameRef host_page_;
    device::MacAddress mac_;
    device::NetFeatures features_;
    u16 mtu_ = 0;
    u32 supported_ = 0;  ///< features, a bit for each
    u32 receive_pieces_ = 0;
    TransmitRing::Limits limits_;
    device::NetSink* sink_ = nullptr;
    ReceiveRing receive_;
    TransmitRing transmit_;
    bool own_sent_interrupt_ = false;
    Watchdog watchdog_{*this};
    Duration patience_{};                  ///< for a sign of life; 0: it gives none
    std::atomic<u64> last_sign_ = 0;       ///< ns
    std::atomic<u32> trouble_ = no_trouble;  ///< or a reason to reset it
    Helper helper_;
    u64 interrupts_ = 0;
    std::atomic<bool> link_up_ = false, stopped_ = true;
};

}  // namespace spore::drivers::ena
