// ICMP for both versions [RFC 792, 1122 3.2.2, 4443].
#pragma once

#include "kernel/net/ip/arrival.hpp"

namespace spore::net::icmp {

/// The head begins with the ICMP header (Layer::transport is marked).
void input_v4(Owned<device::Packet> packet, const Arrival& arrival);
void input_v6(Owned<device::Packet> packet, const Arrival& arrival);

/// An error message that holds a packet of ours: its transport is told. The head begins with the ICMP header, whose checksum is right.
void error_received_v4(Owned<device::Packet> packet, const Arrival& arrival);
void error_received_v6(Owned<device::Packet> packet, const Arrival& arrival);

/// Sends an error about `packet`, of which as much is quoted as the rules allow; the head begins with its IP header. At a limited rate.
void send_error(device::Packet& packet, const Arrival& arrival, u8 type, u8 code, u32 rest = 0);

/// Only for tests.
void forget_rate();

}  // namespace spore::net::icmp
