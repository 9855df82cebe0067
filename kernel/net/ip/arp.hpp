// ARP: finds IPv4 neighbours' link addresses and tells ours [RFC 826, 1122 2.3.2, 5227].
#pragma once

#include "kernel/device/packet.hpp"
#include "kernel/net/interface.hpp"

namespace spore::net::arp {

/// The head begins with the ARP packet.
void input(Owned<device::Packet> packet, Interface& interface);
/// Asks who has `target`; `to` null: everybody on the link.
void request(Interface& interface, u32 target, const device::MacAddress* to);
/// Asks with no sender address: is somebody using it already [RFC 5227 2.1.1]?
void probe(Interface& interface, u32 target);
/// Tells everybody that the address is here now [RFC 5227 2.3].
void announce(Interface& interface, u32 address);

}  // namespace spore::net::arp
