// The way to a destination: which interface, which next hop, which source address, how large a packet may be. A conversation finds its path once
// and keeps it; when routes, addresses or neighbours change, the path notices (by a generation number) and finds itself anew.
#pragma once

#include "kernel/device/packet.hpp"
#include "kernel/net/address.hpp"
#include "kernel/net/interface.hpp"

namespace spore::net {

class Neighbour;

/// What the sender has decided itself.
struct PathHints {
    IpAddress source;        ///< unspecified: the path chooses [RFC 6724]
    u32 interface = 0;       ///< 0: the routing table chooses
    bool allow_broadcast = false;
    bool any_source = false; ///< `source` need not be ours, or may stay unspecified: DHCP before there is an address, IP_FREEBIND
};

/// The IP header's fields that a transport chooses.
struct IpOptions {
    u8 protocol = 0;
    u8 hop_limit = 0;            ///< 0: as is usual on the link [RFC 4861 6.3.4]
    u8 traffic_class = 0;
    bool dont_fragment = true;   ///< IPv4; IPv6 routers never fragment
    bool allow_fragments = true; ///< we ourselves may cut the packet when it is larger than the path takes
    bool by_interface = false;   ///< what the interface takes counts, and not what ICMP told of the path
    u16 largest = 0;             ///< bytes; longer ones are cut though the path takes them; 0: what it takes
    u32 flow_label = 0;
};

class Path {
public:
    /// network_unreachable, address_not_available (the source hint is not ours), access_denied (broadcast without leave).
    static Result<Path> find(const IpAddress& destination, const PathHints& hints = {});
    Path();
    Path(Path&&) noexcept;
    Path(const Path&) = delete;
    Path& operator=(Path&&) noexcept;
    ~Path();

    const IpAddress& source() const { return source_; }
    const IpAddress& destination() const { return destination_; }
    Interface* interface() const { return interface_; }
    /// Bytes of IP packet that go through, as far as is known [RFC 8201, 1191]. Looks up what ICMP told since.
    u16 mtu() const;
    /// Bytes of one segmented packet that the device takes (IP header included); 0 when it cuts none of this kind.
    u32 max_segmented(device::Segmentation kind) const;

    /// Sends a transport packet, whose head begins with the transport header (Layer::transport is marked here). Checksum::partial is completed
    /// by the device or here; pieces are cut here when the device cannot. Waits for nothing: packets for a next hop that is not known yet
    /// wait in the neighbour's queue. message_too_long (with the packet gone), network_unreachable.
    Result<void> send(Owned<device::Packet> packet, const IpOptions& options);
    /// Sends a packet whose head begins with an IP header that the program wrote, to the path's next hop as it is. message_too_long.
    Result<void> send_with_header(Owned<device::Packet> packet);
    /// This machine's copy of what goes to a group: received as if it had come on the path's interface.
    void send_to_self(Owned<device::Packet> packet, const IpOptions& options);
    /// The peer has answered: its neighbour is alive [RFC 4861 7.3.1].
    void confirm();

private:
    Result<void> look_up();
    Result<void> choose_source();
    u16 mtu_for(const IpOptions& options) const;
    Result<void> send_large(Owned<device::Packet> packet, const IpOptions& options);
    Result<void> send_each(device::PacketList packets, const IpOptions& options);
    void send_one(Owned<device::Packet> packet, const IpOptions& options);
    void put_header(device::Packet& packet, const IpOptions& options);
    void pass_on(Owned<device::Packet> packet);

    IpAddress source_, destination_;
    PathHints hints_;
    Interface* interface_ = nullptr;
    Shared<Neighbour> neighbour_;  ///< null on the loopback
    u32 generation_ = 0;
    u16 mtu_ = 0;
    bool v4_ = false;
};

/// The transport has found that an ICMP error "too big" is about a packet that it really sent and that is still on its way: from now on paths to
/// that destination take no more than it says. Without that check a stranger could make packets small [RFC 5927 7, 8201 4].
void accept_path_mtu(const struct PathError& error);

/// The pseudo-header's sum for a transport checksum field, not inverted: what Checksum::partial wants in the field [RFC 9293 3.1, 8200 8.1].
u16 pseudo_header_sum(const IpAddress& source, const IpAddress& destination, u8 protocol, u32 size);

}  // namespace spore::net
