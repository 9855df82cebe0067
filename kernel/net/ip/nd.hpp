// Neighbour discovery for IPv6: the messages between hosts of a link [RFC 4861 7].
#pragma once

#include "kernel/net/ip/arrival.hpp"

namespace spore::net::nd {

/// A neighbour solicitation or advertisement; the head begins with the ICMPv6 header, whose checksum is right.
void input(Owned<device::Packet> packet, const Arrival& arrival);
/// Asks for the neighbour's link address; `to` null: its solicited-node group.
void solicit(Interface& interface, const IpAddress& target, const device::MacAddress* to);
/// Asks, with no source address, whether somebody uses the address already [RFC 4862 5.4.2].
void probe(Interface& interface, const IpAddress& target);
/// Asks the link's routers to advertise themselves [RFC 4861 6.3.7].
void solicit_routers(Interface& interface);
/// Tells everybody that the address is here [RFC 4861 7.2.6].
void announce(Interface& interface, const IpAddress& address);

}  // namespace spore::net::nd
