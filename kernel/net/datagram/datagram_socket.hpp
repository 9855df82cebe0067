// What the sockets of UDP, of ICMP echo and raw ones have in common. Datagrams wait as the packets they came in. `lock_` guards everything but the first of
// them, which belongs to whoever holds `reading_`; a table finds sockets by number under its own lock, which is taken first.
#pragma once

#include "kernel/net/datagram/table.hpp"
#include "kernel/net/ip/path.hpp"
#include "kernel/sync/mutex.hpp"

namespace spore::net::datagram {

class DatagramSocket : public Socket {
public:
    DatagramSocket(Table& table, EndpointListener* listener) : Socket(listener), table_(table) {}

    void set_listener(EndpointListener* listener) override;
    void set_owner(u64 inode, u32 user) override;
    Result<void> take_error() override;
    Result<void> bind(Owned<Binding> binding) override;
    Result<void> connect(const Endpoint& remote) override;
    void disconnect() override;
    Endpoint local() const override;
    Result<Endpoint> remote() const override;
    Shared<PortGroup> port_group() const override;
    Result<u64> send(ByteSource& from, u64 size, const Target& target) override;
    using Socket::receive;
    Result<Received> receive(ByteSink& into, u64 size, Peek peek, std::optional<u64> left_out) override;
    Result<QueuedError> receive_error(ByteSink& into, u64 size, u64& copied_size) override;
    u64 receivable() const override;
    Result<void> join(const IpAddress& group, u32 interface, const IpAddress& source) override;
    Result<void> leave(const IpAddress& group, u32 interface, const IpAddress& source) override;
    Options options() const override;
    void set_options(const Options& options) override;
    TypeFilter type_filter() const override { return {}; }
    void set_type_filter(const TypeFilter&) override {}
    void shut_reading() override;
    void shut_writing() override;
    void close() override;

    // ---- from the table and the wire ----
    /// How well a datagram fits: more specific is higher; -1 when it is not for this socket.
    int score(const Arrival& arrival, u16 source_port) const;
    /// A last look at its contents, for sockets that choose by them.
    virtual bool wants(const device::Packet&, const Arrival&) const { return true; }
    bool shares_port() const { return binding_ && binding_->options().reuse_port; }
    PortGroup* sharers() const { return binding_->group().get(); }
    std::optional<u32> place() const { return binding_->place(); }
    virtual u16 number() const { return binding_->local().port; }
    void deliver(Owned<device::Packet> packet, const Arrival& arrival, u16 source_port);
    /// Whether it may have sent the packet that the error is about, and wants to know.
    bool sent(const PathError& error, u16 remote_port) const;
    void hear(const PathError& error, u16 remote_port);
    Summary summary() const;

    DatagramSocket* next_in_bucket = nullptr;  ///< the table's

protected:
    /// Bytes in front of what the program sends, and the most that it may send.
    virtual u32 header_size() const { return 0; }
    /// Puts the transport's header in front and sends. Under sending_.
    virtual Result<void> send_on(Path& path, Owned<device::Packet> packet, const Endpoint& to, const Target& target) = 0;
    /// The IP header's fields as the options and the target choose them.
    IpOptions header_fields(const Path& path, u8 protocol, const Options& options, const Target& target) const;
    /// Sends, and gives this machine its copy of what goes to a group.
    Result<void> send_packet(Path& path, Owned<device::Packet> packet, const IpOptions& fields, bool loop);
    /// Sockets without ports need none to be spoken to.
    bool has_ports() const { return transport() == Transport::udp; }

    Table& table_;
    mutable sync::Spin lock_;
    Options options_;
    Owned<Binding> binding_;

private:
    struct Waiting {  ///< a waiting packet's note
        IpAddress from, to;
        u32 interface;
        u16 port;
        u8 hop_limit, traffic_class;
        u32 drops;      ///< that had happened when it came, where that is to be told
        u32 footprint : 31;  ///< as it was counted: of a packet that is read by pieces less is left in the end
        u32 peeked : 1;      ///< one without bytes, which a peek has told of
    };
    /// A datagram among those that wait.
    struct Place {
        device::Packet* packet = nullptr;
        u32 at = 0, size = 0;  ///< its bytes among the packet's
        u32 left_out = 0;      ///< of these, from the first on
    };
    struct Membership {
        IpAddress group, source;
        u32 interface;
        friend bool operator==(const Membership&, const Membership&) = default;
    };
    static constexpr u32 max_memberships = 20;  // as Linux's igmp_max_memberships
    static constexpr u32 max_errors = 64;

    static u32 footprint(const device::Packet& packet);
    static void take_piece(device::Packet& packet, u32 at, u32 size);
    bool passes_filter(const Filter& filter, device::Packet& packet, const Arrival& arrival) const;
    void deliver_filtered(const Filter& filter, Owned<device::Packet> packet, const Arrival& arrival, u16 source_port);
    void enqueue(Owned<device::Packet> packet, const Arrival& arrival, u16 source_port);
    void update_readable();
    Place find_waiting(std::optional<u64> left_out) const;
    bool wants_group(const Arrival& arrival) const;
    bool forget_membership(const Membership& which);
    void queue_error(const QueuedError& error, ByteSpan about);
    void queue_too_big(const Path& path, const Endpoint& to);
    Result<void> ensure_bound(const Endpoint& remote);
    Result<Endpoint> destination(const Target& target) const;
    Result<Path> find_path(const Endpoint& to, const Target& target) const;

    IpAddress connected_from_;   ///< the path's source, once connected
    Endpoint remote_;
    bool connected_ = false, shut_reading_ = false, shut_writing_ = false, closed_ = false;
    std::expected<void, Error> error_{};
    u64 inode_ = 0;
    u32 user_ = 0;

    sync::Mutex reading_;
    device::PacketList received_;
    device::PacketList errors_;  ///< each with a QueuedError for its note, and what it is about in its head
    u32 received_footprint_ = 0;
    u64 drops_ = 0;
    std::atomic<bool> filtered_ = false;  ///< options_.filter, for a look without the lock

    sync::Spin sending_;         ///< taken before lock_
    Path path_;                  ///< of the destination that was sent to last
    IpAddress path_source_hint_;
    u32 path_interface_hint_ = 0;

    Membership memberships_[max_memberships];
    u32 membership_count_ = 0;
};

}  // namespace spore::net::datagram
