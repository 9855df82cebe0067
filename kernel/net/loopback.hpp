// Packets to our own addresses: they do not leave memory. Each CPU has a backlog, and a job that delivers what is in it, so that a sender never finds
// itself in the receiver's code, with its own locks held.
#pragma once

#include "kernel/device/packet.hpp"

namespace spore::net {

/// As large as an IP packet can be.
inline constexpr u16 loopback_mtu = 65535;

class Interface;

/// Puts a packet, whose head begins with the IP header, into this CPU's backlog. Its checksum counts as verified; segments stay together. It is received
/// on the loopback, or, as a copy of what went to a group, on the interface by which that left.
void deliver_here(Owned<device::Packet> packet, Interface& on);

/// What the loopback has carried, which is what it has sent and what it has received.
struct LoopbackTraffic {
    u64 packets = 0, bytes = 0;
};
LoopbackTraffic loopback_traffic();

}  // namespace spore::net
