// Sockets for ICMP echo, which need no privilege: a program sends requests and gets the replies to them, and nothing else of ICMP [icmp(7)].
// The identifier is what a port is to UDP.
#pragma once

#include "kernel/net/datagram/socket.hpp"
#include "kernel/net/ip/arrival.hpp"

namespace spore::net::ping {

enum class Version : u8 { v4, v6 };

void start();
Result<Shared<datagram::Socket>> create(Version version, EndpointListener* listener);
/// An echo reply; the head begins with the ICMP header, whose checksum is right.
void input(Owned<device::Packet> packet, const Arrival& arrival);
void for_each(datagram::SummaryVisitor visitor, void* context);

}  // namespace spore::net::ping
