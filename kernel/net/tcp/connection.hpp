// A TCP connection as sockets see it [RFC 9293 3.9]. Nothing here waits: what cannot be done now gives would_block, and the listener hears when it can.
#pragma once

#include <atomic>

#include "kernel/device/packet.hpp"
#include "kernel/net/binding.hpp"
#include "kernel/net/endpoint_events.hpp"
#include "kernel/net/tcp/handed_over.hpp"
#include "kernel/net/tcp/options.hpp"

namespace spore::net::tcp {

enum class State : u8 { closed, listen, syn_sent, syn_received, established, fin_wait_1, fin_wait_2, close_wait, closing, last_ack, time_wait };

enum class SendFlags : u8 { none = 0, more = 1, urgent = 2 };        ///< MSG_MORE, MSG_OOB
enum class ReceiveFlags : u8 { none = 0, peek = 1, urgent = 2, discard = 4 };  ///< MSG_PEEK, MSG_OOB, MSG_TRUNC
constexpr bool has(SendFlags set, SendFlags one) { return static_cast<u8>(set) & static_cast<u8>(one); }
constexpr bool has(ReceiveFlags set, ReceiveFlags one) { return static_cast<u8>(set) & static_cast<u8>(one); }
constexpr SendFlags operator|(SendFlags a, SendFlags b) { return static_cast<SendFlags>(static_cast<u8>(a) | static_cast<u8>(b)); }
constexpr ReceiveFlags operator|(ReceiveFlags a, ReceiveFlags b) { return static_cast<ReceiveFlags>(static_cast<u8>(a) | static_cast<u8>(b)); }

/// For TCP_INFO and /proc/net/tcp; units as in Linux's struct tcp_info.
struct Info {
    State state = State::closed;
    u8 retransmits = 0, backoff = 0, send_scale = 0, receive_scale = 0;
    bool timestamps = false, sack = false, ecn = false;
    u32 rto_us = 0, ato_us = 0, send_mss = 0, receive_mss = 0, unacked = 0, sacked = 0, lost = 0, retransmitted = 0;
    u32 path_mtu = 0, receive_threshold = 0, rtt_us = 0, rtt_variance_us = 0, slow_start_threshold = 0, congestion_window = 0, reordering = 0;
    u32 receive_rtt_us = 0, receive_space = 0, total_retransmits = 0, min_rtt_us = 0, send_window = 0, receive_window = 0;
    u32 last_data_sent_ms = 0, last_data_received_ms = 0, last_ack_received_ms = 0, segments_out = 0, segments_in = 0;
    u64 bytes_acked = 0, bytes_received = 0, bytes_sent = 0, bytes_retransmitted = 0;
    u32 not_sent_bytes = 0, send_queue = 0, receive_queue = 0;
};

class Connection : public Counted {
public:
    /// Begins to connect; `binding` may hold a port already or be null, then one is chosen. The result is told by the listener: out, or error.
    /// address_in_use, address_not_available, network_unreachable, no_memory.
    static Result<Shared<Connection>> connect(Owned<Binding> binding, const Endpoint& remote, const Options& options, EndpointListener* listener);
    virtual ~Connection() = default;

    /// Who hears of changes; null for nobody. After it returns the previous one is not called any more.
    virtual void set_listener(EndpointListener* listener) = 0;
    /// Whose socket it is, for Summary.
    virtual void set_owner(u64 inode, u32 user) = 0;
    /// What can be done now. Takes no lock.
    Ready ready() const { return static_cast<Ready>(ready_.load(std::memory_order_acquire)); }
    /// The error that ended the connection, or one that came in between, once.
    virtual Result<void> take_error() = 0;

    virtual State state() const = 0;
    virtual Endpoint local() const = 0;
    virtual Endpoint remote() const = 0;

    /// Copies bytes in, as many as there is room for: at least one, or would_block. Callers take turns by themselves. May sleep in `from`.
    /// broken_pipe after shutdown, connection_reset, timed_out …, not_connected, in_progress while connecting.
    virtual Result<u64> send(ByteSource& from, u64 size, SendFlags flags) = 0;
    /// The same for pages that are sent as they are, without a copy: what is in them when they leave, or leave again, is sent.
    virtual Result<u64> send_slices(std::span<const device::Slice> slices, SendFlags flags) = 0;
    /// A send whose pages the program lends (MSG_ZEROCOPY) stands between these two calls, which say how much of it was sent, and whether it still
    /// needs the pages. take_finished_sends() tells, in their order, of those that do not any more; ready() has `error` while there are some.
    virtual Result<u32> begin_hand_over() = 0;
    enum class Pages : u8 { lent, copied };
    virtual void end_hand_over(u32 number, u64 sent, Pages pages) = 0;
    virtual std::optional<FinishedSends> take_finished_sends() = 0;
    /// The other end is on this machine, and would read the very pages that are sent.
    virtual bool stays_here() const = 0;
    /// Bytes received, at most `size`; 0 at the end of the stream; would_block when nothing is there, or another caller is at it.
    virtual Result<u64> receive(ByteSink& into, u64 size, ReceiveFlags flags) = 0;
    /// Bytes that receive() would give now; that send() has accepted and the peer has not acknowledged; that were not sent yet.
    virtual u64 receivable() const = 0;
    virtual u64 unacknowledged() const = 0;
    virtual u64 not_sent() const = 0;
    /// SIOCATMARK: the next byte to receive is the urgent one.
    virtual bool at_urgent_mark() const = 0;

    /// Nothing more will be sent: FIN after what waits. Nothing more is waited for: receive() gives what there is, then the end. After both the peer
    /// is told, by RST, when it sends more.
    virtual Result<void> shut_writing() = 0;
    virtual void shut_reading() = 0;
    /// The program has gone. The connection closes by itself (with RST when data was not read, or linger is 0), and frees itself.
    virtual void close() = 0;
    /// For a lingering close: whether everything was acknowledged or the connection ended.
    virtual bool drained() const = 0;

    virtual Options options() const = 0;
    /// Takes effect at once (no_delay and uncorking send what waits).
    virtual void set_options(const Options& options) = 0;
    virtual Info info() const = 0;

protected:
    std::atomic<u32> ready_ = 0;
};

/// A port that takes connections.
class Listener : public Counted {
public:
    /// Several listeners of one port (reuse_port) share what comes. address_in_use, no_memory.
    static Result<Shared<Listener>> create(Owned<Binding> binding, u32 backlog, const Options& options, EndpointListener* listener);
    virtual ~Listener() = default;
    virtual void set_listener(EndpointListener* listener) = 0;
    virtual void set_owner(u64 inode, u32 user) = 0;
    Ready ready() const { return static_cast<Ready>(ready_.load(std::memory_order_acquire)); }
    /// The connection that has waited longest; would_block. It has no EndpointListener yet.
    virtual Result<Shared<Connection>> accept() = 0;
    virtual void set_backlog(u32 backlog) = 0;
    virtual Endpoint local() const = 0;
    /// Who shares the port; null when nobody may.
    virtual Shared<PortGroup> port_group() const = 0;
    virtual u32 waiting() const = 0;
    virtual u32 backlog() const = 0;
    virtual Options options() const = 0;
    virtual void set_options(const Options& options) = 0;
    /// Connections that wait are reset.
    virtual void close() = 0;

protected:
    std::atomic<u32> ready_ = 0;
};

/// Every connection and listener, for /proc/net/tcp and netlink: called with short-lived views, without a lock held.
struct Summary {
    Endpoint local, remote;
    State state;
    u32 send_queue, receive_queue;  ///< of a listener: backlog, waiting
    u32 retransmits;
    u64 inode;                      ///< as set by set_owner, 0: none
    u32 user;
};
using SummaryVisitor = void (*)(void* context, const Summary& summary);
void for_each(SummaryVisitor visitor, void* context);

}  // namespace spore::net::tcp
