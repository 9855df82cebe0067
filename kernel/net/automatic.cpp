#include "kernel/net/automatic.hpp"

#include "kernel/core/log.hpp"
#include "kernel/net/dhcp/dhcp.hpp"
#include "kernel/net/dhcp6/dhcp6.hpp"
#include "kernel/net/ip/router_discovery.hpp"
#include "kernel/net/name_servers.hpp"

namespace spore::net {

namespace {
constinit std::atomic<u32> automatic = 0;  // a bit for each index
static_assert(Interfaces::limit < 32);
}  // namespace

void configure_automatically(Interface& interface, std::string_view host_name) {
    automatic.fetch_or(1u << interface.index(), std::memory_order_relaxed);
    dhcp6::start();
    router_discovery::start(interface);
    if (!dhcp::start(interface, host_name)) core::error("{}: no memory to ask for an address", interface.name());
}

bool is_automatic(const Interface& interface) { return automatic.load(std::memory_order_relaxed) >> interface.index() & 1; }

void link_came_up(Interface& interface) {
    if (!is_automatic(interface)) return;
    dhcp::link_up(interface);
    dhcp6::link_up(interface);
    router_discovery::link_up(interface);
}

void forget_automatic() {
    automatic.store(0);
    dhcp::forget();
    dhcp6::forget();
    router_discovery::forget();
    name_servers::forget();
}

}  // namespace spore::net
