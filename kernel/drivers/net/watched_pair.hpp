// A WatchedDevice's pair of queues, served by CPU 0: its rings, and what their interrupts lead to.
#pragma once

#include "kernel/drivers/net/queue_job.hpp"
#include "kernel/drivers/net/watched_device.hpp"

namespace spore::drivers {

/// Receive, besides what the driver calls:
///   u32 poll(u32 budget, device::PacketList&)   takes up to `budget` packets; how many completions it looked at
///   bool has_news()            whether poll() would find something
///   bool broken()              the device named what it had not
///   void unmask_interrupt()
///   counters
/// Transmit is a TransmitQueue that tells of broken() too, and whose want_interrupt() is called whenever the CPU is about to sleep.
template <typename Receive, typename Transmit>
class WatchedPair : public WatchedDevice, private QueueJob<WatchedPair<Receive, Transmit>> {
public:
    void transmit(device::PacketList& packets) final {
        transmit_.transmit(packets);
        check_sent();
    }
    u64 untaken() final { return transmit_.untaken(); }
    device::NetQueueCounters counters(u16 pair) const final {
        if (pair) return {};
        return receive_.counters.with_sent(transmit_.counters, interrupts_);
    }

protected:
    using WatchedDevice::WatchedDevice;

    enum class Source : u8 { management, received, sent };
    /// Gives one of its interrupts a message of its own: which. Those of queues mask themselves when they come.
    Result<u16> connect(Source source) {
        constexpr arch::InterruptHandler handlers[] = {on_management, on_received, on_sent};
        return hardware_->connect_message(0, handlers[static_cast<u32>(source)], static_cast<WatchedDevice*>(this));
    }
    void close_queues() final { transmit_.close(); }
    /// An interrupt masks itself; what happened meanwhile comes when it is unmasked.
    void want_interrupts(bool wanted) {
        if (!wanted) return;
        receive_.unmask_interrupt();
        transmit_.want_interrupt();
    }

    Receive receive_;
    Transmit transmit_;

private:
    using Job = QueueJob<WatchedPair>;
    friend Job;

    static WatchedPair& interrupted_pair(void* self) {
        auto& pair = static_cast<WatchedPair&>(*static_cast<WatchedDevice*>(self));
        ++pair.interrupts_;
        return pair;
    }
    static void on_received(void* self) {
        auto& pair = interrupted_pair(self);
        if (!pair.stopped()) pair.interrupted(Job::Masked::yes);
    }
    /// That of what is received may come still.
    static void on_sent(void* self) {
        auto& pair = interrupted_pair(self);
        if (!pair.stopped()) pair.interrupted(Job::Masked::no);
    }
    void check_sent() {
        if (transmit_.broken()) [[unlikely]] fail(Trouble::breaks_rules_sending, "breaks the rules");
    }

    // ---- for the job ----
    u32 receive(u32 budget) {
        device::PacketList packets;
        u32 done = receive_.poll(budget, packets);
        if (!packets.empty()) sink_->receive(*this, packets);
        if (receive_.broken()) [[unlikely]] fail(Trouble::breaks_rules_receiving, "breaks the rules");
        return done;
    }
    bool has_news() const { return receive_.has_news(); }
    void reclaim() {
        transmit_.poll();
        check_sent();
    }
};

}  // namespace spore::drivers
