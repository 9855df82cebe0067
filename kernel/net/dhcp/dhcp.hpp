// DHCP for IPv4: asks the network for this host's address, and keeps it [RFC 2131].
#pragma once

#include "kernel/net/interface.hpp"

namespace spore::net::dhcp {

/// Begins to ask on the interface; the host's name is told to the server. no_memory.
Result<void> start(Interface& interface, std::string_view host_name);
/// Another host uses the address. True when it was this client's and is given back.
bool conflict(Interface& interface, const IpAddress& address);
/// The interface has its link (again): the network may be another one.
void link_up(Interface& interface);
/// A chore: asks, asks again, renews.
Instant expire(Instant now);
/// Only for tests.
void forget();

}  // namespace spore::net::dhcp
