#include "kernel/net/dhcp/lease.hpp"

#include <algorithm>
#include <bit>

#include "kernel/core/log.hpp"
#include "kernel/net/ip/route.hpp"
#include "kernel/net/name_servers.hpp"

namespace spore::net::dhcp {

namespace {

namespace option = wire::dhcp::option;
using wire::dhcp::Message;

/// Below what the manifest fixes, above what routers advertise.
constexpr u32 metric = 100;

bool is_host(u32 address) { return address >> 24 != 0 && address >> 24 != 127 && address < 0xe0000000; }

/// The mask's length, or without a sound one the length of the address's class [RFC 791 2.3].
u8 length_of(std::optional<u32> mask, u32 address) {
    if (mask && *mask && std::countl_one(*mask) == std::popcount(*mask)) return static_cast<u8>(std::popcount(*mask));
    return address >> 31 == 0 ? 8 : address >> 30 == 2 ? 16 : 24;
}

void add_routes(Lease& lease, const Message& message) {
    std::byte bytes[255];
    auto add = [&](u32 destination, u8 length, u32 gateway) {
        if (lease.route_count < Lease::max_routes && (gateway == 0 || is_host(gateway))) lease.routes[lease.route_count++] = {destination, length, gateway};
    };
    // Who sends classless routes repeats the default one there: the router option does not count then [RFC 3442].
    if (auto routes = message.option(option::classless_routes, bytes); routes && wire::dhcp::for_each_route(*routes, add)) return;
    lease.route_count = 0;
    if (auto routers = message.option(option::router, bytes); routers && routers->size() >= 4)
        add(0, 0, *reinterpret_cast<const be32*>(routers->data()));
}

void add_servers(Lease& lease, const Message& message) {
    std::byte bytes[255];
    auto servers = message.option(option::name_server, bytes);
    for (std::size_t at = 0; servers && at + 4 <= servers->size() && lease.server_count < Lease::max_servers; at += 4)
        if (u32 server = *reinterpret_cast<const be32*>(servers->data() + at); server >> 24 == 127 || is_host(server)) lease.servers[lease.server_count++] = server;
}

void add_search(Lease& lease, const Message& message) {
    std::byte bytes[255];
    if (auto names = message.option(option::domain_search, bytes); names && wire::dhcp::write_names(*names, std::span(lease.search).first(sizeof lease.search - 1)))
        return;
    auto domain = message.option(option::domain_name, bytes);
    if (!domain) return;
    std::string_view text(reinterpret_cast<const char*>(domain->data()), domain->size());
    while (text.ends_with('\0')) text.remove_suffix(1);  // some count C's end mark
    if (text.size() < sizeof lease.search && wire::dhcp::is_domain_name(text)) std::copy(text.begin(), text.end(), lease.search);
}

}  // namespace

Result<Lease> lease_of(const Message& message) {
    Lease lease{.address = message.header().your};
    if (!is_host(lease.address)) return fail(Error::corrupt);
    lease.length = length_of(message.number32(option::subnet_mask), lease.address);
    lease.mtu = message.number16(option::mtu).value_or(0);
    add_routes(lease, message);
    add_servers(lease, message);
    add_search(lease, message);
    return lease;
}

Result<Times> times_of(const Message& message) {
    constexpr u32 endless = ~u32{0};
    /// A lease of less would keep network and host busy with nothing else.
    constexpr u32 shortest = 10;
    auto told = message.number32(option::lease_time);
    if (!told) return fail(Error::corrupt);
    if (*told == endless) return Times{.endless = true};
    u32 lease = std::max(*told, shortest);
    u32 renew = message.number32(option::renewal_time).value_or(lease / 2);
    u32 rebind = message.number32(option::rebinding_time).value_or(lease - lease / 8);
    // Times that contradict each other would have the server asked without a pause.
    if (rebind >= lease || rebind == 0) rebind = lease - lease / 8;
    if (renew >= rebind || renew == 0) renew = std::min(lease / 2, rebind);
    return Times{Duration::seconds(lease), Duration::seconds(renew), Duration::seconds(rebind)};
}

Result<void> apply(Interface& interface, const Lease& lease, Instant valid_until) {
    auto address = IpAddress::v4(lease.address);
    TRY(interface.add_address({.address = address, .prefix_length = static_cast<u8>(96 + lease.length), .tentative = !interface.has_address(address),
                               .valid_until = valid_until, .preferred_until = valid_until}));
    if (lease.mtu && lease.mtu != interface.mtu() && !interface.set_mtu(lease.mtu))
        core::warn("{}: cannot carry packets of {} bytes, as its DHCP server wants", interface.name(), lease.mtu);
    for (auto& route : std::span(lease.routes).first(lease.route_count)) {
        auto added = add_route({.prefix = Prefix::v4(route.destination, route.length), .gateway = IpAddress::v4(route.gateway), .interface = interface.index(),
                                .metric = metric, .origin = Route::Origin::dhcp, .valid_until = valid_until});
        if (!added) core::warn("{}: no room for its DHCP server's routes", interface.name());
    }
    IpAddress servers[Lease::max_servers];
    for (u32 i = 0; i < lease.server_count; ++i) servers[i] = IpAddress::v4(lease.servers[i]);
    name_servers::set(interface.index(), Route::Origin::dhcp, std::span(servers).first(lease.server_count), lease.search, valid_until);
    return {};
}

void withdraw_routes(Interface& interface, const Lease& lease) {
    for (auto& route : std::span(lease.routes).first(lease.route_count))
        (void)remove_route({.prefix = Prefix::v4(route.destination, route.length), .gateway = IpAddress::v4(route.gateway), .interface = interface.index(),
                            .origin = Route::Origin::dhcp});
    name_servers::set(interface.index(), Route::Origin::dhcp, {}, {}, {});
}

void withdraw(Interface& interface, const Lease& lease) {
    withdraw_routes(interface, lease);
    (void)interface.remove_address(IpAddress::v4(lease.address));  // somebody may have done so by hand
}

}  // namespace spore::net::dhcp
