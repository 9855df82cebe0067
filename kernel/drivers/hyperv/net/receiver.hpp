// All that comes from the host: frames and other messages of RNDIS' in the receive buffer, and completions. The buffer is the host's to change until it is
// told that it was taken: what is looked at is a copy, and so is what goes to the stack.
#pragma once

#include "kernel/device/net.hpp"
#include "kernel/drivers/hyperv/net/control.hpp"

namespace spore::drivers::hyperv::netvsc {

class Receiver {
public:
    Receiver(Channel& channel, Sender& sender, Control& control) : channel_(channel), sender_(sender), control_(control) {}
    Receiver(const Receiver&) = delete;

    /// Makes the buffer, a small one on a machine with little memory, and shares it; its number. Sleeps. no_memory.
    Result<u32> open(Bus& bus, u32 channel);
    u32 buffer_size() const { return buffer_size_; }

    /// Takes up to `budget` packets of the ring, each of which may carry several frames; how many it took. One thread at a time.
    u32 poll(u32 budget, device::PacketList& packets);
    bool has_news() { return owed_ ? sender_.has_room() : channel_.incoming.has_news(); }

    device::NetQueueCounters counters;

private:
    bool pay();
    bool take(const Incoming& packet, device::PacketList& packets);
    bool take_completion(const Incoming& packet);
    bool take_ranges(const Incoming& packet, device::PacketList& packets);
    bool take_message(ByteSpan bytes, device::PacketList& packets);
    bool take_frame(ByteSpan message, device::PacketList& packets);

    Channel& channel_;
    Sender& sender_;
    Control& control_;
    memory::FrameRef buffer_;
    u32 buffer_size_ = 0;
    u64 done_ = 0;               ///< slots that were completed, a bit each, and are not settled
    std::optional<u64> owed_;    ///< the transaction of a packet that was taken, and for whose answer there was no room
    Instant now_{};
};

}  // namespace spore::drivers::hyperv::netvsc
