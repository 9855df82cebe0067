// What a router advertisement changes [RFC 4861 6.3.4, 4862 5.5.3, 8106 5].
#pragma once

#include "kernel/net/interface.hpp"
#include "wire/net/nd.hpp"

namespace spore::net::router_discovery {

/// Longer ones than Ethernet carries do not come.
inline constexpr u32 largest_advertisement = 1500;
/// How many of each a link's routers may give us; anybody on the link can say that it is one.
inline constexpr u32 max_routers = 8, max_prefixes = 16, max_formed = 8;

enum class FormAddresses : u8 { no, yes };
void take_advertisement(Interface& interface, const IpAddress& router, const wire::nd::RouterMessage& message, FormAddresses form);

}  // namespace spore::net::router_discovery
