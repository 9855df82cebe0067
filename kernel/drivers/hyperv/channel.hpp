// A channel that is open: two rings, and events when they change.
#pragma once

#include <atomic>

#include "kernel/device/block.hpp"
#include "kernel/drivers/hyperv/bus.hpp"
#include "kernel/drivers/hyperv/ring.hpp"

namespace spore::drivers::hyperv {

class Channel {
public:
    Channel() = default;
    Channel(const Channel&) = delete;

    /// Makes rings of so many pages each, and opens it. The handler is called on CPU 0, with interrupts off, when there is something in the incoming
    /// ring, when there is room that was waited for, and when the channel is gone; it may be called before this returns. The channel lives as long as
    /// the machine from here on. Sleeps.
    Result<void> open(Bus& bus, const Offer& offer, u32 pages_each, arch::InterruptHandler handler, void* context);

    /// The host has broken the rules or taken the channel away: nothing more comes or goes.
    bool broken() const { return gone_.load(std::memory_order_relaxed) || incoming.broken() || outgoing.broken(); }
    void give_up() { gone_ = true; }

    // ---- sending; the caller's lock. False when there is no room. publish() shows what was sent ----
    bool send(wire::hyperv::PacketKind kind, u64 transaction, u16 flags, ByteSpan data);
    /// With memory of ours, which the host uses until it completes the transaction. Pieces that meet at pages' boundaries are one range of it.
    bool send_direct(u64 transaction, std::span<const device::TransferPiece> pieces, ByteSpan data);
    bool publish();  ///< whether the host was told

    /// Gives the room of what was taken from the incoming ring back.
    void release() {
        if (incoming.release()) signal();
    }

    RingReader incoming;
    RingWriter outgoing;

private:
    void signal() { arch::hyperv::signal(connection_); }

    u32 connection_ = 0;
    std::atomic<bool> gone_ = false;
    memory::FrameRef rings_;
};

}  // namespace spore::drivers::hyperv
