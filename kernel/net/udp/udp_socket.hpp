// What a UDP socket is made of. Datagrams wait as the packets they came in. `lock_` guards everything but the first of them, which belongs to whoever
// holds `reading_`; the table finds sockets by port under its own lock, which is taken first.
#pragma once

#include "kernel/net/ip/arrival.hpp"
#include "kernel/net/ip/path.hpp"
#include "kernel/net/udp/socket.hpp"
#include "kernel/sync/mutex.hpp"
#include "kernel/sync/spin.hpp"

namespace spore::net::udp {

class UdpSocket final : public Socket {
public:
    explicit UdpSocket(EndpointListener* listener) : listener_(listener) {}
    ~UdpSocket() override;

    void set_listener(EndpointListener* listener) override;
    void set_owner(u64 inode, u32 user) override;
    Result<void> take_error() override;
    Result<void> bind(Owned<Binding> binding) override;
    Result<void> connect(const Endpoint& remote) override;
    void disconnect() override;
    Endpoint local() const override;
    Result<Endpoint> remote() const override;
    Result<u64> send(ByteSource& from, u64 size, const Target& target) override;
    Result<Received> receive(ByteSink& into, u64 size, Peek peek) override;
    u64 receivable() const override;
    Result<void> join(const IpAddress& group, u32 interface) override;
    Result<void> leave(const IpAddress& group, u32 interface) override;
    Options options() const override;
    void set_options(const Options& options) override;
    void shut_reading() override;
    void shut_writing() override;
    void close() override;

    // ---- from the table and the wire ----
    /// How well a datagram fits: more specific is higher; -1 when it is not for this socket.
    int score(const Arrival& arrival, u16 source_port) const;
    bool shares_port() const { return binding_ && binding_->options().reuse_port; }
    u16 port() const { return binding_->local().port; }
    void deliver(Owned<device::Packet> packet, const Arrival& arrival, u16 source_port);
    void fail_with(Error error);
    bool talks_to(const Endpoint& remote) const;
    Summary summary() const;

    UdpSocket* next_in_bucket = nullptr;  ///< the table's

private:
    struct Waiting {  ///< a waiting packet's note
        IpAddress from, to;
        u32 interface;
        u16 port;
        u8 hop_limit, traffic_class;
    };
    struct Membership {
        IpAddress group;
        u32 interface;
    };
    static constexpr u32 max_memberships = 20;  // as Linux's igmp_max_memberships

    static u32 footprint(const device::Packet& packet);
    void note(Ready set, Ready clear = Ready::none);
    void update_readable();
    Result<void> ensure_bound(const Endpoint& remote);
    Result<Endpoint> destination(const Target& target) const;
    Result<void> send_on(Path& path, Owned<device::Packet> packet, u16 to_port, const Target& target);
    Result<Path> find_path(const Endpoint& to, const Target& target) const;

    mutable sync::Spin lock_;
    EndpointListener* listener_;
    Options options_;
    Owned<Binding> binding_;     ///< set once
    IpAddress connected_from_;   ///< the path's source, once connected
    Endpoint remote_;
    bool connected_ = false, shut_reading_ = false, shut_writing_ = false, closed_ = false;
    std::expected<void, Error> error_{};
    u64 inode_ = 0;
    u32 user_ = 0;

    sync::Mutex reading_;
    device::PacketList received_;
    u32 received_footprint_ = 0;
    u64 drops_ = 0;

    sync::Spin sending_;         ///< taken before lock_
    Path path_;                  ///< of the destination that was sent to last
    IpAddress path_source_hint_;
    u32 path_interface_hint_ = 0;

    Membership memberships_[max_memberships];
    u32 membership_count_ = 0;
};

/// The sockets that have a port.
namespace table {
void insert(UdpSocket& socket);
void remove(UdpSocket& socket);
}  // namespace table

}  // namespace spore::net::udp
