// Name servers and search domains, as the manifest, DHCP servers and routers tell them.
#pragma once

#include <span>
#include <string_view>

#include "kernel/net/ip/route.hpp"

namespace spore::net::name_servers {

/// What one source says now about one interface's network, in place of what it said before; no servers and no names: nothing.
void set(u32 interface, Route::Origin origin, std::span<const IpAddress> servers, std::string_view search, Instant valid_until);
/// Only for tests.
void forget();

}  // namespace spore::net::name_servers
