// A packet's way in: from an interface to a transport.
#pragma once

#include "kernel/net/ip/arrival.hpp"

namespace spore::net {

namespace ip {

/// How a packet came to an interface.
enum class Frame : u8 {
    own,     ///< to its own link address
    group,   ///< to a group's link address
    copied,  ///< from this machine, which is a member of the group that it sends to
};

/// The head begins with the IP header. Take the packet.
void input_v4(Owned<device::Packet> packet, Interface& interface, Frame frame);
void input_v6(Owned<device::Packet> packet, Interface& interface, Frame frame);

/// One that was put together from fragments: the head begins with an IPv6 header that names arrival.protocol.
void input_reassembled_v6(Owned<device::Packet> packet, Arrival& arrival);

/// A whole packet, the head at the transport header, goes to its transport.
void deliver(Owned<device::Packet> packet, const Arrival& arrival);
/// The transport's doors; all null when nobody has connected.
const TransportDoors& doors_of(u8 protocol);
/// From now on whole packets of this protocol go to `before` first, which hands them on to deliver_behind(). Null: no more.
void stand_before(u8 protocol, void (*before)(Owned<device::Packet> packet, const Arrival& arrival));
/// `taken`: somebody got a copy, so that the protocol is not unknown here.
void deliver_behind(Owned<device::Packet> packet, const Arrival& arrival, bool taken);

}  // namespace ip

/// After the last packet of a batch.
void end_of_batch();

}  // namespace spore::net
