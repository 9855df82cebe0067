// Puts fragments together again [RFC 791 3.2, 815, 8200 4.5]. Everything about it is an attack in somebody's hands: how many packets are incomplete,
// how much memory they hold, how many fragments one has and how long it waits is limited, and one whose fragments overlap is dropped as a
// whole [RFC 5722, 1858].
#pragma once

#include "kernel/net/ip/arrival.hpp"

namespace spore::net::ip {

struct FragmentInfo {
    u32 identification;
    u32 offset;       ///< of its payload in the whole one
    bool last;
    u32 header_size;  ///< bytes before the payload, of all IP headers
};

inline constexpr u32 max_incomplete = 64, max_fragments = 64, max_fragment_bytes = 1u << 20;

/// The head begins with the IP header (marked). Delivers the whole packet when this was the one that was missing.
void reassemble(Owned<device::Packet> packet, const Arrival& arrival, const FragmentInfo& fragment);
/// A chore: gives up what waited too long.
Instant expire_fragments(Instant now);
/// Only for tests.
void forget_fragments();

}  // namespace spore::net::ip
