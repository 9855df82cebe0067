// Routes and neighbours, as `ip route` and `ip neighbour` ask for them.
#include "kernel/linux/socket/netlink/message.hpp"
#include "kernel/linux/uapi/socket.hpp"
#include "kernel/net/ip/neighbour.hpp"
#include "kernel/net/ip/path.hpp"
#include "kernel/net/ip/route.hpp"

namespace spore::linux::netlink {

namespace {

enum Table : u8 { table_default = 253, table_main = 254, table_local = 255 };
constexpr u8 type_unicast = 1, type_local = 2;
constexpr u32 flag_cloned = 0x200;     // RTM_F_CLONED: the answer to a question about one destination
constexpr u32 flag_local = 0x80000000;  // RTCF_LOCAL

u8 family_of(const net::IpAddress& address) { return static_cast<u8>(address.is_v4() ? family_inet : family_inet6); }

u8 protocol_of(net::Route::Origin origin) {
    switch (origin) {
    case net::Route::Origin::address: return 2;   // RTPROT_KERNEL
    case net::Route::Origin::fixed: return 3;     // RTPROT_BOOT
    case net::Route::Origin::dhcp_v6:
    case net::Route::Origin::dhcp: return 16;     // RTPROT_DHCP
    case net::Route::Origin::router: return 9;    // RTPROT_RA
    }
    return 0;
}

/// Address bytes of a request: 4 or 16.
std::optional<net::IpAddress> address_in(ByteSpan bytes) {
    if (bytes.size() == 4) {
        be32 value;
        std::memcpy(&value, bytes.data(), sizeof value);
        return net::IpAddress::v4(value);
    }
    if (bytes.size() != 16) return std::nullopt;
    std::array<u8, 16> copy;
    std::memcpy(copy.data(), bytes.data(), copy.size());
    return net::IpAddress::v6(copy);
}

Result<void> add_route_message(const Request& request, const net::Route& route, Answers& answers) {
    bool v4 = route.prefix.base.is_v4();
    u8 length = static_cast<u8>(v4 ? route.prefix.length - 96 : route.prefix.length);
    auto message = request.answer(new_route);
    message.put(RouteMessage{.family = family_of(route.prefix.base), .destination_length = length, .source_length = 0, .service = 0, .table = table_main,
                             .protocol = protocol_of(route.origin), .scope = route.on_link() && v4 ? scope_link : scope_universe, .type = type_unicast,
                             .flags = 0});
    message.attribute(route_table, u32{table_main});
    if (length) message.address(route_destination, route.prefix.base);
    if (!route.on_link()) message.address(route_gateway, route.gateway);
    if (!route.source.is_unspecified()) message.address(route_source, route.source);
    message.attribute(route_interface, route.interface);
    if (route.metric) message.attribute(route_priority, route.metric);
    return answers.add(message.finish());
}

/// RTM_GETROUTE for one destination: how a packet to it would leave.
Result<void> answer_one(const Request& request, Answers& answers) {
    auto destination = address_in(request.attribute(sizeof(RouteMessage), route_destination));
    if (!destination) return fail(Error::invalid);
    auto path = TRY(net::Path::find(*destination));
    auto* interface = path.interface();
    auto route = net::find_route(*destination);
    bool v4 = destination->is_v4(), local = !interface || interface->loopback();
    // IPv4's local table is looked up as a part of main's where nobody has made rules.
    Table table = local && !v4 ? table_local : table_main;
    auto message = request.answer(new_route);
    message.put(RouteMessage{.family = family_of(*destination), .destination_length = static_cast<u8>(v4 ? 32 : 128), .source_length = 0,
                             .service = 0, .table = table, .protocol = 0, .scope = scope_universe, .type = local ? type_local : type_unicast,
                             .flags = v4 ? flag_cloned | (local ? flag_local : 0) : 0});
    message.attribute(route_table, u32{table});
    message.address(route_destination, *destination);
    if (!local && route && !route->on_link()) message.address(route_gateway, route->gateway);
    message.attribute(route_interface, interface ? interface->index() : 1u);
    message.address(route_source, path.source());
    message.attribute(route_cache_info, RouteCacheInfo{});  // programs that overlook an answer's last attribute find the others (nmap)
    return answers.add(message.finish());
}

u16 state_number(net::Neighbour::State state) {
    using enum net::Neighbour::State;
    switch (state) {
    case incomplete: return 0x01;
    case reachable: return 0x02;
    case stale: return 0x04;
    case delay: return 0x08;
    case probe: return 0x10;
    case failed: return 0x20;
    case permanent: return 0x80;
    }
    return 0;
}

}  // namespace

Result<void> answer_routes(const Request& request, Answers& answers) {
    if (!request.dump()) return answer_one(request, answers);
    auto list = TRY(HeapArray<net::Route>::create(net::max_routes));
    auto count = std::min<std::size_t>(net::routes(list.span()), list.size());
    u8 family = request.family();
    for (auto& route : list.span().first(count))
        if (family == 0 || family == family_of(route.prefix.base)) TRY(add_route_message(request, route, answers));
    return {};
}

/// Those that every Linux has: first the machine's own addresses, then what there are routes for [ip-rule(8)].
Result<void> answer_rules(const Request& request, Answers& answers) {
    if (!request.dump()) return fail(Error::not_supported);
    struct Rule {
        u16 family;
        u32 priority;
        Table table;
    };
    constexpr Rule rules[] = {{family_inet, 0, table_local}, {family_inet, 32766, table_main}, {family_inet, 32767, table_default},
                              {family_inet6, 0, table_local}, {family_inet6, 32766, table_main}};
    constexpr u8 action_to_table = 1, protocol_kernel = 2;
    for (auto& rule : rules) {
        if (request.family() != 0 && request.family() != rule.family) continue;
        auto message = request.answer(new_rule);
        message.put(RuleMessage{.family = static_cast<u8>(rule.family), .table = rule.table, .action = action_to_table});
        message.attribute(rule_table, u32{rule.table});
        message.attribute(rule_suppress_prefix, ~u32{0});
        message.attribute(rule_protocol, protocol_kernel);
        if (rule.priority) message.attribute(rule_priority, rule.priority);
        TRY(answers.add(message.finish()));
    }
    return {};
}

Result<void> answer_neighbours(const Request& request, Answers& answers) {
    if (!request.dump()) return fail(Error::not_supported);
    auto list = TRY(HeapArray<net::NeighbourInfo>::create(net::neighbours::max_entries));
    auto count = std::min<std::size_t>(net::neighbours::list(list.span()), list.size());
    u8 family = request.family();
    for (auto& entry : list.span().first(count)) {
        if (family != 0 && family != family_of(entry.address)) continue;
        auto message = request.answer(new_neighbour);
        message.put(NeighbourMessage{.family = family_of(entry.address), .padding0 = 0, .padding1 = 0, .index = static_cast<i32>(entry.interface),
                                     .state = state_number(entry.state), .flags = static_cast<u8>(entry.router ? 0x80 : 0), .type = type_unicast});
        message.address(neighbour_destination, entry.address);
        if (entry.state != net::Neighbour::State::incomplete && entry.state != net::Neighbour::State::failed)
            message.attribute(neighbour_link_address, entry.link_address.bytes);
        TRY(answers.add(message.finish()));
    }
    return {};
}

}  // namespace spore::linux::netlink
