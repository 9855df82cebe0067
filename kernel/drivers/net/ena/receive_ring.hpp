// The receive ring: buffers of a frame each, which the device fills in its order. A packet may take several.
#pragma once

#include <bitset>

#include "kernel/device/net.hpp"
#include "kernel/drivers/net/completions.hpp"
#include "kernel/drivers/net/ena/queue_pair.hpp"
#include "kernel/drivers/net/receive_frames.hpp"

namespace spore::drivers::ena {

class ReceiveRing {
public:
    /// Makes the memory that stays. no_memory.
    Result<void> prepare();
    PhysAddr submissions() const { return submissions_.address(); }
    PhysAddr completions() const { return completed_.address(); }
    /// The device, which was reset, has made `queues` of them: gives it its first buffers.
    void start(const QueuePair& queues);

    /// Takes up to `budget` packets; how many completions it looked at.
    u32 poll(u32 budget, device::PacketList& packets);
    bool has_news() const { return completions_.has_news(); }
    /// The device named a buffer that it had not, or pieces that make no packet.
    bool broken() const { return broken_; }
    void unmask_interrupt() { queues_.unmask_interrupt(); }

    device::NetQueueCounters counters;
    static constexpr u32 size = 256;

private:
    bool take(const wire::ena::Received& found, device::PacketList& packets);
    void add_piece(u32 slot, const wire::ena::Received& found);
    void finish(const wire::ena::Received& found, device::PacketList& packets);
    void offer(u32 slot);
    void tell();

    QueuePair queues_;
    memory::FrameRef submissions_, completed_;
    volatile wire::ena::Buffer* buffers_ = nullptr;
    Completions<wire::ena::Received> completions_;
    ReceiveFrames frames_;
    std::bitset<size> offered_;  ///< the device has them
    u16 tail_ = 0;               ///< counts buffers that it was given
    u32 returned_ = 0;           ///< since it was told
    Owned<device::Packet> packet_;  ///< whose pieces come
    enum class State : u8 { between, within, dropping } state_ = State::between;
    Instant now_{};
    bool broken_ = false;
};

}  // namespace spore::drivers::ena
