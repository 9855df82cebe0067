// A local port that a socket holds: from bind() (or the first send or connect, which choose one) until its end. TCP and UDP have a table each.
#pragma once

#include <atomic>
#include <optional>

#include "base/owned.hpp"
#include "kernel/net/address.hpp"
#include "kernel/net/port_group.hpp"

namespace spore::net {

/// Those with ports; `ping`, whose ports are identifiers of ICMP echo; and `raw`, whose port is the protocol, which everybody may share.
enum class Transport : u8 { tcp, udp, ping, raw };

struct BindOptions {
    bool reuse_address = false;  ///< SO_REUSEADDR
    bool reuse_port = false;     ///< SO_REUSEPORT: several sockets share the port, incoming work is spread over them
    bool only_v6 = false;        ///< IPV6_V6ONLY: :: does not take IPv4
    bool free_bind = false;      ///< IP_FREEBIND: the address need not be ours
    u32 interface = 0;           ///< SO_BINDTODEVICE; 0: any
    u32 user = 0;                ///< who shares a port must be the same user
    Shared<PortGroup> group{};   ///< what must begin with this one, so that nobody may have the port yet; null: a new one, or theirs
};

class Binding {
public:
    /// Port 0 chooses a free one, at random [RFC 6056]. address_in_use, address_not_available, no_memory.
    static Result<Owned<Binding>> create(Transport transport, const Endpoint& local, const BindOptions& options);
    ~Binding();

    /// The holder begins to take connections. address_in_use when another one does, who does not share.
    Result<void> listen();
    /// SO_REUSEADDR, changed by the holder: it counts for whoever comes next.
    void set_reuse_address(bool reuse);
    Transport transport() const { return transport_; }
    const Endpoint& local() const { return local_; }
    const BindOptions& options() const { return options_; }
    /// Of a port that is shared: datagrams come to all who are bound, connections to all who listen. Null for others.
    const Shared<PortGroup>& group() const { return options_.group; }
    /// The number in the group, of those to whom something comes.
    std::optional<u32> place() const {
        u32 place = place_.load(std::memory_order_relaxed);
        return place == nowhere ? std::nullopt : std::optional(place);
    }

private:
    Binding(Transport transport, const Endpoint& local, const BindOptions& options)
        : transport_(transport), local_(local), options_(options) {}
    friend class PortTable;
    Transport transport_;
    Endpoint local_;
    BindOptions options_;
    static constexpr u32 nowhere = ~u32{0};
    bool listening_ = false, brings_group_ = false;
    std::atomic<u32> place_ = nowhere;
    Binding* next_ = nullptr;  ///< in its bucket of the port table
};

/// Whether anybody holds the port, on whichever address. Connections that were begun without bind() need no binding: their transport finds them
/// a port that is free for their peer, and asks here first.
bool is_bound(Transport transport, u16 port);
/// The ports that are chosen for those who name none: Linux's, which programs and firewalls know.
inline constexpr u16 first_chosen_port = 32768, last_chosen_port = 60999;

}  // namespace spore::net
