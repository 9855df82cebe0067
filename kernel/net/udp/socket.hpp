// A UDP socket as programs' sockets see it [RFC 768, 8085]. Nothing here waits.
#pragma once

#include <atomic>

#include "base/time.hpp"
#include "kernel/net/binding.hpp"
#include "kernel/net/endpoint_events.hpp"

namespace spore::net::udp {

struct Options {
    bool broadcast = false;
    bool multicast_loop = true;
    bool no_checksum = false;
    bool receive_errors = false;    ///< IP_RECVERR: ICMP errors are queued, not only told
    bool merge_received = false;    ///< UDP_GRO
    u8 hop_limit = 64, multicast_hop_limit = 1, traffic_class = 0;
    bool dont_fragment = false;
    u16 segment_size = 0;           ///< UDP_SEGMENT; 0: off
    u32 multicast_interface = 0;
    u32 send_buffer = 212'992, receive_buffer = 212'992;
};

/// Where a datagram came from and what it came with.
struct Received {
    Endpoint from;
    IpAddress to;             ///< the local address it was sent to
    u32 interface = 0;
    u8 hop_limit = 0, traffic_class = 0;
    u32 size = 0;             ///< the whole datagram's, however little was copied
    u16 segment_size = 0;     ///< with merge_received
    Instant at{};
};

struct Target {
    const Endpoint* to = nullptr;    ///< null: the connected peer
    IpAddress from;                  ///< unspecified: the binding's or the path's
    u32 interface = 0;
    i16 hop_limit = -1, traffic_class = -1;  ///< -1: the options'
    u16 segment_size = 0;
};

class Socket : public Counted {
public:
    static Result<Shared<Socket>> create(EndpointListener* listener);
    virtual ~Socket() = default;
    virtual void set_listener(EndpointListener* listener) = 0;
    Ready ready() const { return static_cast<Ready>(ready_.load(std::memory_order_acquire)); }
    virtual void set_owner(u64 inode, u32 user) = 0;
    virtual Result<void> take_error() = 0;

    /// invalid when bound already.
    virtual Result<void> bind(Owned<Binding> binding) = 0;
    /// Binds to a chosen port when it is not bound. Only the peer's datagrams are taken from now on.
    virtual Result<void> connect(const Endpoint& remote) = 0;
    virtual void disconnect() = 0;
    virtual Endpoint local() const = 0;
    /// not_connected.
    virtual Result<Endpoint> remote() const = 0;

    /// One datagram (with a segment size: several). destination_required, message_too_long, connection_refused (told by ICMP), would_block.
    virtual Result<u64> send(ByteSource& from, u64 size, const Target& target) = 0;
    /// One datagram, cut to `size`; with peek it stays. would_block.
    enum class Peek : u8 { no, yes };
    virtual Result<Received> receive(ByteSink& into, u64 size, Peek peek) = 0;
    /// Size of the next datagram; 0 when there is none.
    virtual u64 receivable() const = 0;

    virtual Result<void> join(const IpAddress& group, u32 interface) = 0;
    virtual Result<void> leave(const IpAddress& group, u32 interface) = 0;
    virtual Options options() const = 0;
    virtual void set_options(const Options& options) = 0;
    virtual void shut_reading() = 0;
    virtual void shut_writing() = 0;
    virtual void close() = 0;

protected:
    std::atomic<u32> ready_ = static_cast<u32>(Ready::out);  ///< a datagram never waits to be sent
};

struct Summary {
    Endpoint local, remote;
    bool connected;
    u32 send_queue, receive_queue;
    u64 drops;
    u64 inode;
    u32 user;
};
using SummaryVisitor = void (*)(void* context, const Summary& summary);
void for_each(SummaryVisitor visitor, void* context);

}  // namespace spore::net::udp
