// Sockets of whole frames, below IP [packet(7)]: for those who watch an interface, or speak protocols that the stack does not know. While none is open on an
// interface, its packets pass without a call.
#pragma once

#include "kernel/net/endpoint_events.hpp"
#include "kernel/net/filter.hpp"
#include "kernel/net/interface.hpp"

namespace spore::net::link {

inline constexpr u16 every_protocol = 3;  ///< ETH_P_ALL

/// Whom a frame is for; the values are Linux's PACKET_*.
enum class Kind : u8 { own = 0, broadcast = 1, group = 2, other = 3, outgoing = 4 };

struct Address {
    u32 interface = 0;
    u16 protocol = 0;  ///< an EtherType
    Kind kind{};
    device::MacAddress mac;
};

/// Whether programs see and write link headers (SOCK_RAW), or the stack does that (SOCK_DGRAM).
enum class Headers : u8 { seen, hidden };

struct Received {
    Address from;
    u32 size = 0;   ///< of what the filter left of the frame, however little was copied
    u32 whole = 0;  ///< of the frame
    u32 drops = 0;  ///< that the socket had lost when it came, where that is to be told
    Instant at{};
};

struct Statistics {
    u32 received = 0, dropped = 0;
};

/// Takes a socket's frames in place of its queue. Called under the socket's lock.
class Tap {
public:
    enum class Outcome : u8 { dropped, kept, shown };  ///< shown: there is something new to look at
    /// The frame from `begin` on, of which no more than `most` bytes are wanted; its network header is at `network`.
    virtual Outcome take(const device::Packet& packet, u32 begin, u32 network, u32 most, const Address& from, Instant at) = 0;

protected:
    ~Tap() = default;
};

class Socket final : public Counted {
public:
    /// Takes frames of the protocol, of all interfaces, from now on; protocol 0: of none until it is bound. no_memory.
    static Result<Shared<Socket>> create(Headers headers, u16 protocol, EndpointListener* listener);
    Socket(Headers headers, EndpointListener* listener) : headers_(headers), readiness_(listener) {}
    ~Socket() { close(); }

    Ready ready() const { return readiness_.now(); }
    /// Interface 0: all. no_device.
    Result<void> bind(u32 interface, u16 protocol);
    Address local() const;
    /// Whose socket it is, for Summary.
    void set_owner(u64 inode) { inode_ = inode; }
    /// One frame; `to` names the interface, and where headers are hidden the receiver, or is null: the bound interface. no_such_device_address, message_too_long.
    Result<u64> send(ByteSource& from, u64 size, const Address* to);
    enum class Peek : u8 { no, yes };
    /// would_block.
    Result<Received> receive(ByteSink& into, u64 size, Peek peek);
    u64 receivable() const;
    /// Asks for frames that are for others, or no longer. no_device, address_not_available.
    Result<void> set_promiscuous(u32 interface, bool on);
    void set_receive_buffer(u32 bytes);
    /// Whether Received is to tell what was lost.
    void set_tells_drops(bool tells);
    /// What comes in from now on passes it first; null: nothing does.
    void set_filter(Shared<const Filter> filter);
    /// Null: none any more. It must live until then, or close().
    void set_tap(Tap* tap);
    /// Since they were asked for last.
    Statistics take_statistics();
    void close();

    struct Summary {
        Headers headers;
        u16 protocol;
        u32 interface, memory;
        u64 inode;
    };
    Summary summary() const;

private:
    friend struct Sockets;
    struct Arrived {
        const device::Packet& packet;
        u32 header;  ///< bytes of the link header
        u32 most;    ///< bytes that the filter lets through
        const Address& from;
    };
    struct Waiting {  ///< a waiting packet's note
        Address from;
        u32 whole, drops;
    };
    u32 wanted_of(const device::Packet& packet, u32 header, const Address& from) const;
    void take(const device::Packet& packet, u32 header, const Address& from);
    bool tapped(const Arrived& arrived);

    const Headers headers_;
    mutable sync::Spin lock_;
    Readiness readiness_;
    Address local_;
    device::PacketList received_;
    u32 footprint_ = 0, receive_buffer_ = 212'992;
    Statistics statistics_;
    u32 drops_ = 0;        ///< in all
    bool tells_drops_ = false;
    Tap* tap_ = nullptr;
    Shared<const Filter> filter_;
    u64 inode_ = 0;
    u32 promiscuous_ = 0;  ///< a bit for each interface
    bool closed_ = false, listed_ = false;
    Socket* next_ = nullptr;  ///< among all
};

/// Every socket that is open, for /proc/net/packet.
void for_each(void (*visit)(void* context, const Socket::Summary& summary), void* context);

/// Shows a packet to the sockets of its interface; the head begins with the link header, on the loopback with the IP header.
void offer(const device::Packet& packet, Interface& interface, bool outgoing);

}  // namespace spore::net::link
