// Interfaces whose addresses the network gives out.
#pragma once

#include "kernel/net/interface.hpp"

namespace spore::net {

/// Asks DHCP servers and routers for everything. While the machine starts.
void configure_automatically(Interface& interface, std::string_view host_name);
bool is_automatic(const Interface& interface);
/// The link came (back), perhaps to another network.
void link_came_up(Interface& interface);
/// Only for tests.
void forget_automatic();

}  // namespace spore::net
