// DHCP for IPv6: addresses and name servers, where routers say that there is a server for them [RFC 8415, 4861 4.2].
#pragma once

#include "kernel/net/interface.hpp"

namespace spore::net::dhcp6 {

/// Listens for servers from now on. While the machine starts.
void start();
/// What a router's advertisement says: that addresses are given (M), or other things only (O).
void advertised(Interface& interface, bool managed, bool other);
/// Another host has the tentative address. True when it was this client's, and is refused to the server.
bool conflict(Interface& interface, const IpAddress& address);
/// The link came back: the network may be another one.
void link_up(Interface& interface);
/// A chore: asks, asks again, renews.
Instant expire(Instant now);
/// Only for tests.
void forget();

}  // namespace spore::net::dhcp6
