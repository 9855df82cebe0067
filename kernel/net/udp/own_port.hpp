// UDP for the stack itself: the ports at which its DHCP clients listen, without a socket. Datagrams go there when no program's socket takes them.
#pragma once

#include "kernel/net/address.hpp"
#include "kernel/net/ip/arrival.hpp"
#include "kernel/net/ip/path.hpp"

namespace spore::net::udp {

/// From now on datagrams to this port go to `input`, all their bytes in one piece; programs cannot bind it any more.
enum class PortVersion : u8 { v4, v6 };
void listen_at(PortVersion version, u16 port, void (*input)(ByteSpan bytes, const Arrival& arrival));
/// The datagram, its head at the UDP header, goes to whoever listens at the port; false when nobody does.
bool deliver_to_own_port(const device::Packet& packet, const Arrival& arrival, u16 port);

/// Sends the first `size` bytes of the frame. Whatever hinders it: whoever sends this way asks again after a while.
void send_from_own_port(u16 from, const Endpoint& to, const PathHints& hints, memory::FrameRef frame, u32 size);

}  // namespace spore::net::udp
