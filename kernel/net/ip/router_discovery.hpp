// Routers of a link and what they advertise: default routes, prefixes, name servers [RFC 4861 6.3, 4862 5.5, 8106]. The addresses of the prefixes are
// formed from the MAC address [RFC 4291 A]: they are the same after every start.
#pragma once

#include "kernel/net/ip/arrival.hpp"

namespace spore::net::router_discovery {

/// Asks for routers on the interface and does what they say from now on.
void start(Interface& interface);
/// A router advertisement: the head begins with the ICMPv6 header, whose checksum is right.
void input(Owned<device::Packet> packet, const Arrival& arrival);
/// The link came (back): asks anew.
void link_up(Interface& interface);
/// Another host has an address that was formed from the MAC address: no more are formed.
void conflict(Interface& interface, const IpAddress& address);
/// A chore: asks again, and lets go of what has had its time.
Instant expire(Instant now);
/// Only for tests.
void forget();

}  // namespace spore::net::router_discovery
