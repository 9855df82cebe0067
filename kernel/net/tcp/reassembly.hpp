// Segments that arrived before those in front of them, in the order of their sequence numbers, and what the peer is told of them [RFC 2018].
// Exists only while there are such.
#pragma once

#include "base/owned.hpp"
#include "kernel/device/packet.hpp"
#include "wire/net/tcp.hpp"

namespace spore::net::tcp {

/// In the note of a received packet.
struct ReceiveNote {
    u32 begin, end;   ///< of the payload
    u32 cost;         ///< what it is charged for
    bool fin;         ///< behind its payload
};

/// What a received packet takes of the machine's memory.
u32 packet_cost(const device::Packet& packet);

class Reassembly {
public:
    static constexpr u32 max_segments = 4096;

    Reassembly() = default;
    Reassembly(const Reassembly&) = delete;
    ~Reassembly();

    bool empty() const { return !first_; }
    u32 count() const { return count_; }
    /// Takes a packet with its note filled in; cuts off what is there already. Returns the bytes of cost that came (or, negative, went), and tells what
    /// was there already in `duplicate` (empty: begin == end).
    i64 insert(Owned<device::Packet> packet, wire::tcp::SackBlock& duplicate);
    /// The first packet when it begins at or before `next`, otherwise null.
    Owned<device::Packet> take(u32 next);
    /// Drops the last packet, to make room; its cost.
    u32 drop_last();
    /// What to report, the latest first; at most `most`.
    u32 blocks(wire::tcp::SackBlock* into, u32 most) const;

private:
    void remember(const ReceiveNote& note);

    device::Packet* first_ = nullptr;
    device::Packet* hint_ = nullptr;  ///< where the last one was put: the next usually follows it
    u32 count_ = 0;
    u32 recent_count_ = 0;
    wire::tcp::SackBlock recent_[wire::tcp::Options::max_sack_blocks];
};

}  // namespace spore::net::tcp
