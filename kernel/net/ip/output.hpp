// What a packet goes through on its way out, between its path and its interface.
#pragma once

#include "kernel/net/ip/path.hpp"
#include "wire/net/ethernet.hpp"
#include "wire/net/ipv4.hpp"
#include "wire/net/ipv6.hpp"

namespace spore::net::ip {

/// Puts the header in front of a packet whose head begins with what comes after it. IPv4 addresses in host order.
void put_header_v4(device::Packet& packet, u32 source, u32 destination, const IpOptions& options, u16 identification, u16 fragment = 0);
void put_header_v6(device::Packet& packet, const IpAddress& source, const IpAddress& destination, const IpOptions& options, u8 usual_hop_limit = 64);

/// Puts a link header in front and sends: for those who know the link address themselves.
void transmit_to(Interface& interface, const wire::ethernet::Mac& to, Owned<device::Packet> packet);

/// Adds what is missing of a partial checksum, from Layer::transport on.
void complete_checksum(device::Packet& packet);

/// Cuts a packet with segmentation, whose head begins with its transport header, into packets of segment_size with headers of their own and partial
/// checksums; the payload's frames are shared, not copied. no_memory; corrupt when it has no such header.
Result<device::PacketList> segment(Owned<device::Packet> packet, const IpAddress& source, const IpAddress& destination);

/// Sends a packet that is larger than `mtu` in fragments, the head beginning with the transport header. no_memory.
Result<device::PacketList> fragment(Owned<device::Packet> packet, const IpAddress& source, const IpAddress& destination, const IpOptions& options,
                                    u32 mtu);

/// A packet with the bytes [offset, offset + size) of another: those of the head copied, the rest in slices of the same frames. no_memory.
Result<Owned<device::Packet>> part_of(const device::Packet& whole, u32 offset, u32 size, u32 headroom = device::Packet::send_headroom);
/// The same packet with all the headroom there is. no_memory.
Result<Owned<device::Packet>> with_headroom(const device::Packet& packet);

}  // namespace spore::net::ip
