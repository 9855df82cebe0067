// What a DHCP server grants: an address, and what it says of the network around it [RFC 2132, 3397, 3442].
#pragma once

#include "kernel/net/interface.hpp"
#include "wire/net/dhcp.hpp"

namespace spore::net::dhcp {

struct Lease {
    static constexpr u32 max_routes = 16, max_servers = 3;
    struct Route {
        u32 destination;
        u8 length;
        u32 gateway;  ///< 0: on the link [RFC 3442]
        friend bool operator==(const Route&, const Route&) = default;
    };

    u32 address = 0;
    u8 length = 0;  ///< of its network's prefix
    u16 mtu = 0;    ///< 0: not told
    u32 route_count = 0, server_count = 0;
    Route routes[max_routes] = {};
    u32 servers[max_servers] = {};
    char search[256] = {};

    friend bool operator==(const Lease&, const Lease&) = default;
};

/// How long it holds, and when to ask for more [RFC 2131 4.4.5].
struct Times {
    Duration lease, renew, rebind;
    bool endless = false;
};

/// corrupt: no address that a host can have.
Result<Lease> lease_of(const wire::dhcp::Message& message);
/// corrupt: no lease time.
Result<Times> times_of(const wire::dhcp::Message& message);

/// Gives the interface what the lease says; its address is tentative when it is not there yet. exists, no_space.
Result<void> apply(Interface& interface, const Lease& lease, Instant valid_until);
/// Takes everything back.
void withdraw(Interface& interface, const Lease& lease);
/// Takes back all but the address, before another lease for it is applied.
void withdraw_routes(Interface& interface, const Lease& lease);

}  // namespace spore::net::dhcp
