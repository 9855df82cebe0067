// What the IP layer tells a transport beside the packet, and the transports' doors. Packets come with the head at the transport header (marked), IP
// headers verified and options dealt with, reassembled, cut to the IP length. They come in batches: after the last packet of a batch end_of_batch() is called,
// where a transport answers once for several (an acknowledgement, a wake-up).
#pragma once

#include "kernel/device/packet.hpp"
#include "kernel/net/address.hpp"
#include "kernel/net/interface.hpp"

namespace spore::net {

struct Arrival {
    Interface& interface;
    IpAddress source, destination;
    u8 protocol;
    u8 hop_limit;
    u8 traffic_class;  ///< its low two bits are ECN [RFC 3168]
    bool broadcast;    ///< to a broadcast or multicast address, of IP or of the link
};

/// An ICMP error about a packet that we sent [RFC 792, 4443]. `quoted` is as much of its transport header as the message holds, at least 8 bytes.
struct PathError {
    enum class Kind : u8 { network_unreachable, host_unreachable, port_unreachable, protocol_unreachable, prohibited, time_exceeded, parameter_problem, too_big };
    Kind kind;
    u8 type, code;             ///< ICMP's own
    u32 mtu = 0;               ///< with too_big
    IpAddress reporter;
    IpAddress source, destination;  ///< of the packet: ours, the peer's
    u8 protocol;
    ByteSpan quoted;
};

/// A transport's doors, by which the IP layer knows it.
struct TransportDoors {
    /// Takes a packet.
    void (*input)(Owned<device::Packet> packet, const Arrival& arrival) = nullptr;
    /// Hears of an error. With too_big: calls accept_path_mtu() (path.hpp) when it really sent the packet.
    void (*path_error)(const PathError& error) = nullptr;
    void (*end_of_batch)() = nullptr;
};
/// From now on packets of this protocol go there. While the machine starts.
void connect_transport(u8 protocol, const TransportDoors& doors);

namespace tcp {
/// TCP's packets go to TCP's connections from now on. While the machine starts.
void start();
void input(Owned<device::Packet> packet, const Arrival& arrival);
void path_error(const PathError& error);
void end_of_batch();
}  // namespace tcp

namespace udp {
/// UDP's packets go to UDP's sockets from now on. While the machine starts.
void start();
void input(Owned<device::Packet> packet, const Arrival& arrival);
void path_error(const PathError& error);
}  // namespace udp

/// Nobody listens on the port: the IP layer sends the ICMP error, at a limited rate. The head is at the transport header.
void answer_port_unreachable(Owned<device::Packet> packet, const Arrival& arrival);

}  // namespace spore::net
