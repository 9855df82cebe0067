// A socket that takes and gives datagrams, as programs' sockets see it: of UDP [RFC 768, 8085], of ICMP echo, or raw. Nothing here waits.
#pragma once

#include <array>
#include <atomic>
#include <optional>

#include "base/time.hpp"
#include "kernel/net/binding.hpp"
#include "kernel/net/endpoint_events.hpp"
#include "kernel/net/filter.hpp"

namespace spore::net::datagram {

/// Path MTU discovery (IP_MTU_DISCOVER) [ip(7)]; the values are Linux's IP_PMTUDISC_*.
enum class Discovery : u8 {
    dont = 0,       ///< this machine cuts what is larger than is known to go through, and routers may, too
    want = 1,       ///< the same here: what a router says of a path is heeded, but nothing is lost to make it speak
    must = 2,       ///< nobody cuts: larger is an error
    probe = 3,      ///< as must, but by what the interface takes, whatever is known of the path
    interface = 4,  ///< by what the interface takes, which is not to be passed; routers may cut
    omit = 5,       ///< as that, and this machine cuts what is larger
};

struct Options {
    bool broadcast = false;
    bool multicast_loop = true;
    bool multicast_all = true;      ///< IP_MULTICAST_ALL: groups that others have joined, too
    bool no_checksum = false;
    bool receive_errors = false;    ///< IP_RECVERR: ICMP errors are queued, not only told
    bool timestamps = false;        ///< SO_TIMESTAMP
    bool merge_received = false;    ///< UDP_GRO
    bool reuse_address = false;     ///< SO_REUSEADDR, of a socket that is bound already
    bool header_included = false;   ///< IP_HDRINCL: of a raw socket, the program writes the IP header
    u8 hop_limit = 0;               ///< 0: as is usual on the link
    u8 multicast_hop_limit = 1;     ///< 0: not beyond this machine
    u8 traffic_class = 0;
    bool dont_fragment = false;     ///< IPV6_DONTFRAG: an error instead of fragments
    Discovery discovery_v4 = Discovery::want, discovery_v6 = Discovery::want;
    bool tell_drops = false;        ///< SO_RXQ_OVFL
    u16 segment_size = 0;           ///< UDP_SEGMENT; 0: off
    u16 largest_packet = 0;         ///< IPV6_MTU: longer ones go in fragments; 0: as the path takes them
    i32 checksum_offset = -1;       ///< IPV6_CHECKSUM: where a raw socket's checksum lies; -1: it has none
    u32 multicast_interface = 0;
    u32 send_buffer = 212'992, receive_buffer = 212'992;
    Shared<const Filter> filter;    ///< what comes in passes it first; null: nothing does

    Discovery discovery(bool v4) const { return v4 ? discovery_v4 : discovery_v6; }
    /// Whether a datagram that the way does not take is an error.
    bool stays_whole(bool v4) const {
        auto which = discovery(v4);
        return which == Discovery::must || which == Discovery::probe || (!v4 && dont_fragment);
    }
};

/// Where a datagram came from and what it came with.
struct Received {
    Endpoint from;
    IpAddress to;             ///< the local address it was sent to
    u32 interface = 0;
    u8 hop_limit = 0, traffic_class = 0;
    u32 size = 0;             ///< the whole datagram's, however little was copied
    u32 left_out = 0;         ///< of its bytes, those in front of what was copied
    u16 segment_size = 0;     ///< with merge_received
    u32 drops = 0;            ///< that the socket had lost when it came, where that is to be told
    Instant at{};
};

/// An error about a datagram that was sent, with as much of that as is known.
struct QueuedError {
    enum class Origin : u8 { local = 1, icmp_v4 = 2, icmp_v6 = 3 };  ///< SO_EE_ORIGIN_*
    IpAddress destination, reporter;
    u32 info = 0;      ///< an MTU
    u32 interface = 0;
    u16 port = 0;      ///< the destination's
    Error error{};
    Origin origin{};
    u8 type = 0, code = 0;
};

struct Target {
    const Endpoint* to = nullptr;    ///< null: the connected peer
    IpAddress from;                  ///< unspecified: the binding's or the path's
    u32 interface = 0;
    i16 hop_limit = -1, traffic_class = -1;  ///< -1: the options'
    u16 segment_size = 0;
};

/// ICMP's types that a raw socket does not want: a bit each.
using TypeFilter = std::array<u32, 8>;

class Socket : public Counted {
public:
    virtual ~Socket() = default;
    virtual void set_listener(EndpointListener* listener) = 0;
    Ready ready() const { return readiness_.now(); }
    virtual void set_owner(u64 inode, u32 user) = 0;
    virtual Result<void> take_error() = 0;

    /// Of what it takes to bind this socket: the transport that its Binding belongs to.
    virtual Transport transport() const = 0;
    /// invalid when bound already.
    virtual Result<void> bind(Owned<Binding> binding) = 0;
    /// Binds to a chosen port when it is not bound. Only the peer's datagrams are taken from now on.
    virtual Result<void> connect(const Endpoint& remote) = 0;
    virtual void disconnect() = 0;
    virtual Endpoint local() const = 0;
    /// not_connected.
    virtual Result<Endpoint> remote() const = 0;
    /// Who shares the port; null when it is not bound, or alone.
    virtual Shared<PortGroup> port_group() const = 0;

    /// One datagram (with a segment size: several). destination_required, message_too_long, connection_refused (told by ICMP), would_block.
    virtual Result<u64> send(ByteSource& from, u64 size, const Target& target) = 0;
    /// One datagram, cut to `size`; with peek it stays, and `left_out` bytes of what waits are not looked at (SO_PEEK_OFF). would_block.
    enum class Peek : u8 { no, yes };
    virtual Result<Received> receive(ByteSink& into, u64 size, Peek peek, std::optional<u64> left_out) = 0;
    Result<Received> receive(ByteSink& into, u64 size, Peek peek) { return receive(into, size, peek, std::nullopt); }
    /// Size of the next datagram; 0 when there is none.
    virtual u64 receivable() const = 0;
    /// The oldest queued error, and what is known of the datagram that it is about, cut to `size`; copied_size says how much that is. would_block.
    virtual Result<QueuedError> receive_error(ByteSink& into, u64 size, u64& copied_size) = 0;

    /// With a source that is not unspecified: that source's datagrams to the group. Without: everybody's.
    virtual Result<void> join(const IpAddress& group, u32 interface, const IpAddress& source = {}) = 0;
    virtual Result<void> leave(const IpAddress& group, u32 interface, const IpAddress& source = {}) = 0;
    virtual Options options() const = 0;
    virtual void set_options(const Options& options) = 0;
    virtual TypeFilter type_filter() const = 0;
    virtual void set_type_filter(const TypeFilter& blocked) = 0;
    virtual void shut_reading() = 0;
    virtual void shut_writing() = 0;
    virtual void close() = 0;

protected:
    explicit Socket(EndpointListener* listener) : readiness_(listener) {}
    Readiness readiness_;
};

/// One socket, for /proc/net/udp and its like.
struct Summary {
    Endpoint local, remote;
    bool connected;
    u32 send_queue, receive_queue;
    u64 drops;
    u64 inode;
    u32 user;
};
using SummaryVisitor = void (*)(void* context, const Summary& summary);

}  // namespace spore::net::datagram
