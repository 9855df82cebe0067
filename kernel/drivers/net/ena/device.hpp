// A device as a network device: one pair of queues, served by CPU 0. When it fails, or no longer says that it lives, it is reset and set up anew.
#pragma once

#include "kernel/drivers/net/ena/event_queue.hpp"
#include "kernel/drivers/net/ena/receive_ring.hpp"
#include "kernel/drivers/net/ena/transmit_ring.hpp"
#include "kernel/drivers/net/watched_pair.hpp"

namespace spore::drivers::ena {

class Device final : public WatchedPair<ReceiveRing, TransmitRing> {
public:
    /// `hardware` reaches the registers in BAR 0, of which there are `register_space` bytes, and interrupts; `plain`: registers can be read.
    Device(Owned<Hardware> hardware, u32 register_space, Memory memory, bool plain, Waiter::Pause pause)
        : WatchedPair(std::move(hardware), pause), register_space_(register_space), memory_(memory), registers_(*hardware_, plain, waiter_) {}
    ~Device() override;

    /// Resets the device and learns what it is. not_supported, io, timed_out, no_memory.
    Result<void> open();

    const char* driver() const override { return "ena"; }

private:
    using ResetReason = wire::ena::ResetReason;

    Result<void> prepare() override;
    Result<void> reset(Trouble why) override;
    Result<void> set_up() override;
    Result<void> make_queues() override;
    void begin() override;
    void see_news() override;
    const char* find_fault() override;

    Result<void> reset_because(ResetReason reason);
    Result<void> check_versions();
    Result<void> describe_host();
    Result<void> read_attributes();
    Result<void> read_queue_limits();
    Result<void> read_offloads();
    Result<void> choose_memory();
    Result<void> listen_to_events();
    Result<void> set_mtu();
    bool supports(wire::ena::Feature feature) const { return supported_ >> static_cast<u32>(feature) & 1; }

    void use_hints(const wire::ena::Hints& hints);
    void see_event(const wire::ena::Event& event);

    u32 register_space_;
    Memory memory_;
    Registers registers_;
    CommandQueue commands_{registers_};
    EventQueue events_{registers_};
    memory::FrameRef host_page_;
    u32 supported_ = 0;  ///< features, a bit for each
    u32 receive_pieces_ = 0;
    TransmitRing::Limits limits_;
    bool own_sent_interrupt_ = false;
    Duration patience_{};             ///< for a sign of life; 0: it gives none
    std::atomic<u64> last_sign_ = 0;  ///< ns
};

}  // namespace spore::drivers::ena
