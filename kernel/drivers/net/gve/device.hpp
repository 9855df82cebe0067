// A device as a network device: one pair of queues, served by CPU 0. When it fails, asks for it or stops sending, it is reset and set up anew.
#pragma once

#include "kernel/drivers/net/gve/command_queue.hpp"
#include "kernel/drivers/net/gve/receive_ring.hpp"
#include "kernel/drivers/net/gve/transmit_ring.hpp"
#include "kernel/drivers/net/watched_pair.hpp"

namespace spore::drivers::gve {

class Device final : public WatchedPair<ReceiveRing, TransmitRing> {
public:
    /// `hardware` reaches the registers in BAR 0, and interrupts; `doorbells` the words of BAR 2, of which there are so many.
    Device(Owned<Hardware> hardware, Owned<Hardware> doorbells, u32 doorbell_count, u8 revision, Waiter::Pause pause)
        : WatchedPair(std::move(hardware), pause), doorbells_(std::move(doorbells)), doorbell_count_(doorbell_count), registers_(*hardware_, revision, waiter_) {}
    ~Device() override;

    /// Resets the device and learns what it is. not_supported, io, timed_out, no_memory.
    Result<void> open();

    const char* driver() const override { return "gve"; }

private:
    /// What the device says of itself.
    struct About {
        u32 send_entries = 0, receive_entries = 0, counters = 0, buffer_size = 0;
    };

    Result<void> prepare() override;
    Result<void> reset(Trouble) override { return registers_.reset(); }
    Result<void> set_up() override;
    Result<void> make_queues() override;
    void begin() override;
    void see_news() override;
    const char* find_fault() override;

    Result<void> verify_driver();
    Result<void> describe();
    Result<void> configure();
    Result<void> learn_packet_types();
    Result<QueueDoorbells> find_doorbells(u32 queue);
    void take_down();
    std::byte* clean_scratch();

    Owned<Hardware> doorbells_;
    u32 doorbell_count_;
    Registers registers_;
    CommandQueue commands_{registers_};
    memory::FrameRef scratch_;   ///< for what a command speaks of
    memory::FrameRef counters_;  ///< which the device writes, and nobody reads
    memory::FrameRef shared_;    ///< where it says which doorbells are whose
    About about_;
    u32 steps_ = 0;              ///< taken towards queues: it is configured, has one, has both
    CheckedTypes types_;
};

}  // namespace spore::drivers::gve
