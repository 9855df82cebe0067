// ICMP errors that we send about others' packets, and errors that our own packets meet before they leave.
#pragma once

#include "kernel/net/ip/arrival.hpp"
#include "wire/net/ipv6.hpp"

namespace spore::net::ip {

/// One of our packets, its head at the IP header, found nobody at its next hop: its transport is told.
void tell_unreachable(device::Packet& packet);

/// Nobody takes the protocol; the head is at what would be its header.
void answer_protocol_unreachable(Owned<device::Packet> packet, const Arrival& arrival);
/// A header that the chain of `packet`, its head at the IPv6 header, cannot go on with.
void answer_bad_chain(Owned<device::Packet> packet, const Arrival& arrival, const wire::ipv6::ChainError& error);

}  // namespace spore::net::ip
