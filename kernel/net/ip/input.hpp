// A packet's way in: from an interface to a transport.
#pragma once

#include "kernel/net/ip/arrival.hpp"

namespace spore::net {

namespace ip {

/// The head begins with the IP header; `group`: the frame went to a group's link address. Take the packet.
void input_v4(Owned<device::Packet> packet, Interface& interface, bool group);
void input_v6(Owned<device::Packet> packet, Interface& interface, bool group);

/// One that was put together from fragments: the head begins with an IPv6 header that names arrival.protocol.
void input_reassembled_v6(Owned<device::Packet> packet, Arrival& arrival);

/// A whole packet, the head at the transport header, goes to its transport.
void deliver(Owned<device::Packet> packet, const Arrival& arrival);
/// The transport's doors; all null when nobody has connected.
const TransportDoors& doors_of(u8 protocol);

}  // namespace ip

/// After the last packet of a batch.
void end_of_batch();

}  // namespace spore::net
