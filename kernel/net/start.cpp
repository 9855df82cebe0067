#include "kernel/net/start.hpp"

#include "kernel/core/log.hpp"
#include "kernel/net/automatic.hpp"
#include "kernel/net/interface.hpp"
#include "kernel/net/ip/arp.hpp"
#include "kernel/net/ip/arrival.hpp"
#include "kernel/net/ip/duplicate.hpp"
#include "kernel/net/ip/interface_identifier.hpp"
#include "kernel/net/ip/nd.hpp"
#include "kernel/net/ip/route.hpp"
#include "kernel/net/name_servers.hpp"
#include "kernel/net/ping/ping.hpp"

namespace spore::net {

namespace {

void add_link_local(Interface& interface) {
    auto address = address_in(IpAddress::v6({0xfe, 0x80}), interface.mac());
    if (!interface.add_address({.address = address, .prefix_length = 64, .tentative = true})) return;
    detect_duplicates(interface, address);
}

void add_gateway(Interface& interface, const IpAddress& gateway) {
    if (gateway.is_unspecified()) return;
    Route route{.prefix = gateway.is_v4() ? Prefix::v4(0, 0) : Prefix{}, .gateway = gateway, .interface = interface.index()};
    if (!add_route(route)) core::warn("{}: no room for its gateway's route", interface.name());
}

/// Addresses that the manifest fixes are used at once and announced; a conflict is noticed and told when the other host answers.
void add_fixed(Interface& interface, const InterfaceConfig& config) {
    for (auto& one : config.addresses) {
        if (auto added = interface.add_address({.address = one.address, .prefix_length = one.prefix_length}); !added) {
            core::warn("{}: one of its addresses cannot be used", interface.name());
            continue;
        }
        if (one.address.is_v4()) arp::announce(interface, one.address.v4_value());
        else nd::announce(interface, one.address);
    }
    add_gateway(interface, config.gateway_v4);
    add_gateway(interface, config.gateway_v6);
}

}  // namespace

void start(const Config& config) {
    Interfaces::loopback();
    tcp::start();
    udp::start();
    ping::start();
    name_servers::set(0, Route::Origin::fixed, config.name_servers, {}, Instant::never());
    for (std::size_t index = 0; auto* device = device::net_device(index); ++index) {
        auto made = Interfaces::create(*device);
        if (!made) {
            core::error("no memory for a network interface");
            return;
        }
        auto& interface = **made;
        InterfaceConfig its = index < config.interfaces.size() ? config.interfaces[index] : InterfaceConfig{};
        if (its.mtu && !interface.set_mtu(its.mtu)) core::warn("{}: cannot carry packets of {} bytes", interface.name(), its.mtu);
        add_link_local(interface);
        if (its.method == InterfaceConfig::Method::fixed) add_fixed(interface, its);
        if (its.method == InterfaceConfig::Method::automatic) configure_automatically(interface, config.host_name);
    }
}

}  // namespace spore::net
