// Packets from the other end, which copies them into frames that we offer: one each, in the order of the ring.
#pragma once

#include "kernel/device/net.hpp"
#include "kernel/drivers/net/receive_frames.hpp"
#include "kernel/drivers/xen/ring.hpp"
#include "wire/xen/net.hpp"

namespace spore::drivers::xen {

class Receiver {
public:
    /// no_memory, no_space.
    Result<void> open(u16 domain);
    u32 grant() const { return ring_.grant(); }
    /// Offers the first frames.
    Result<void> start(u32 port);

    /// Takes up to `budget` packets; how many frames it looked at.
    u32 poll(u32 budget, device::PacketList& packets);
    bool has_news() { return ring_.has_news(); }
    void want_events() { ring_.want_event(); }
    bool broken() { return ring_.broken(); }

    device::NetQueueCounters counters;

private:
    using ReceiveRing = Ring<wire::xen::ReceiveRequest, wire::xen::ReceiveAnswer>;
    static constexpr u32 slots = ReceiveRing::size, first_frames = 64;

    bool take(device::PacketList& packets);
    bool take_extra(wire::xen::ExtraInfo& segmentation);
    /// Of the request that the next answer belongs to: answers come in the order of the requests.
    u32 next_slot() const { return slot_at_[ring_.position() % slots]; }
    void offer(u32 slot);
    void offer_more(u32 wanted);

    ReceiveRing ring_;
    ReceiveFrames frames_;
    u16 domain_ = 0;
    u32 port_ = 0, grants_ = 0;
    u32 offered_ = 0;  ///< frames that the ring goes round with
    u32 shown_ = 0;    ///< written and not published
    u16 slot_at_[slots] = {};
    u32 burst_ = 0;    ///< frames filled since the ring was last found empty
    Instant now_{};
};

}  // namespace spore::drivers::xen
