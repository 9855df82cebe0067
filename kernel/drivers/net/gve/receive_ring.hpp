// The receive ring: buffers of a frame each, which the device fills in any order. A packet may take several.
#pragma once

#include <bitset>

#include "kernel/device/net.hpp"
#include "kernel/drivers/net/completions.hpp"
#include "kernel/drivers/net/gve/queue.hpp"
#include "kernel/drivers/net/receive_frames.hpp"

namespace spore::drivers::gve {

/// Packets whose checksums the device knows, by their types.
struct CheckedTypes {
    std::bitset<wire::gve::packet_types> ip4, ip6;
    wire::gve::PacketType of(u32 type) const {
        u8 network = ip4[type] ? wire::gve::network_ip4 : ip6[type] ? wire::gve::network_ip6 : u8{0};
        return {network, network ? wire::gve::transport_tcp : u8{0}};
    }
};

class ReceiveRing {
public:
    /// Makes the memory that stays, for rings of so many entries. no_memory.
    Result<void> prepare(u32 entries);
    u32 entries() const { return entries_; }
    PhysAddr buffers() const { return offered_ring_.address(); }
    PhysAddr completions() const { return completed_.address(); }
    /// Empties the rings, before the device, which was reset, learns of them.
    void clear();
    /// Gives it its first buffers, of which it fills so many bytes each.
    void start(const QueueDoorbells& doorbells, u32 buffer_size, const CheckedTypes& types);

    /// Takes up to `budget` packets; how many completions it looked at.
    u32 poll(u32 budget, device::PacketList& packets);
    bool has_news() const { return completions_.has_news(); }
    /// The device named a buffer that it had not.
    bool broken() const { return broken_; }
    void unmask_interrupt() { doorbells_.unmask(); }

    device::NetQueueCounters counters;
    static constexpr u32 size = 256;  ///< buffers at most; rings may be larger

private:
    bool take(const wire::gve::Received& found, device::PacketList& packets);
    void add_piece(u32 slot, const wire::gve::Received& found);
    void finish(const wire::gve::Received& found, device::PacketList& packets);
    void offer(u32 slot);
    bool tell();

    QueueDoorbells doorbells_;
    memory::FrameRef offered_ring_, completed_;
    u32 entries_ = 0, buffer_size_ = 0;
    volatile wire::gve::Buffer* buffers_ = nullptr;
    Completions<wire::gve::Received> completions_;
    const CheckedTypes* types_ = nullptr;
    ReceiveFrames frames_;
    std::bitset<size> offered_;     ///< the device has them
    u32 tail_ = 0, told_ = 0;       ///< count buffers that it was given
    Owned<device::Packet> packet_;  ///< whose pieces come
    enum class State : u8 { between, within, dropping } state_ = State::between;
    Instant now_{};
    bool broken_ = false;
};

}  // namespace spore::drivers::gve
