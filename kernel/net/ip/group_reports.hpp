// Which groups this host wants, told to the link's multicast routers and switches: IGMP for IPv4 [RFC 3376], MLD for IPv6 [RFC 3810]. Both by one code, with reports of
// the newest version unless a router speaks an older one. Membership is of groups; sources are chosen by the sockets.
#pragma once

#include "kernel/net/ip/arrival.hpp"

namespace spore::net::group_reports {

/// The first member came, the last one left.
void joined(Interface& interface, const IpAddress& group);
/// Older routers need not hear of it when another host has told them last that it is a member: that one is still there [RFC 2236 3].
enum class LastReport : u8 { ours, others };
void left(Interface& interface, const IpAddress& group, LastReport last);
/// Tells of all groups anew: the link came up, or there is an address to tell from [RFC 3590].
void tell_all(Interface& interface);

/// A message of IGMP; the head is at its header.
void input_v4(Owned<device::Packet> packet, const Arrival& arrival);
/// A query or a report of MLD's version 1; the head begins with the ICMPv6 header, whose checksum is right.
void input_v6(Owned<device::Packet> packet, const Arrival& arrival);

/// A chore: sends what is due.
Instant expire(Instant now);

}  // namespace spore::net::group_reports
