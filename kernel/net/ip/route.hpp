// The routing table. It is asked when a path is found, not for each packet (path.hpp), and has few entries: a list in order, longest prefix first.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "kernel/net/address.hpp"

namespace spore::net {

struct Route {
    enum class Origin : u8 { address, fixed, dhcp, dhcp_v6, router };  ///< who made it: an address of an interface, the manifest, DHCP, an RA

    Prefix prefix;
    IpAddress gateway;      ///< unspecified: the destination is on the link
    u32 interface = 0;
    u32 metric = 0;         ///< among equally long prefixes the lowest wins
    IpAddress source;       ///< preferred source address; unspecified: chosen [RFC 6724]
    Origin origin = Origin::fixed;
    Instant valid_until = Instant::never();

    bool on_link() const { return gateway == IpAddress() || gateway == IpAddress::any_v4(); }
};

inline constexpr u32 max_routes = 128;

/// Replaces one that goes to the same prefix by the same gateway and interface, and was made by the same. no_space.
Result<void> add_route(const Route& route);
/// not_found. By prefix, gateway, interface and origin.
Result<void> remove_route(const Route& route);
/// All of one interface that have this origin.
void remove_routes(u32 interface, Route::Origin origin);
/// The longest prefix that contains the destination; `interface` 0: of any interface that is up. network_unreachable.
Result<Route> find_route(const IpAddress& destination, u32 interface = 0);
/// A chore: takes out those whose time is over.
Instant expire_routes(Instant now);
/// Copies up to `into.size()`; how many there are.
std::size_t routes(std::span<Route> into);
/// Only for tests.
void forget_routes();

}  // namespace spore::net
