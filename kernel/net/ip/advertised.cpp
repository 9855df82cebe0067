#include "kernel/net/dhcp6/dhcp6.hpp"
#include "kernel/net/ip/advertised.hpp"

#include <algorithm>

#include "kernel/net/ip/duplicate.hpp"
#include "kernel/net/ip/interface_identifier.hpp"
#include "kernel/net/ip/neighbour.hpp"
#include "kernel/net/ip/route.hpp"
#include "kernel/net/name_servers.hpp"
#include "kernel/time/timer.hpp"
#include "wire/net/dhcp.hpp"

namespace spore::net::router_discovery {

namespace {

namespace wnd = wire::nd;

/// Linux's, below everything that people or DHCP say.
constexpr u32 metric = 1024;
/// Who is no router cannot end addresses at once by a forged advertisement [RFC 4862 5.5.3 (e)].
constexpr Duration shortest_cut = Duration::seconds(2 * 3600);

IpAddress address_of(const u8* bytes) {
    std::array<u8, 16> copy;
    std::memcpy(copy.data(), bytes, sizeof copy);
    return IpAddress::v6(copy);
}

Instant after(Instant now, u32 seconds) { return seconds == ~u32{0} ? Instant::never() : now + Duration::seconds(seconds); }

bool is_default(const Route& route) { return route.prefix.length == 0; }

/// Whether one more route of this kind may be added for the interface; one that is there may always be renewed.
bool may_add(const Route& route, u32 most) {
    Route all[max_routes];
    auto count = std::min<std::size_t>(routes(all), max_routes);
    u32 others = 0;
    for (auto& one : std::span(all).first(count)) {
        if (one.interface != route.interface || one.origin != Route::Origin::router || is_default(one) != is_default(route)) continue;
        if (one.prefix.base == route.prefix.base && one.gateway == route.gateway) return true;
        ++others;
    }
    return others < most;
}

void set_route(const Route& route, u32 most) {
    if (route.valid_until <= time::now()) return (void)remove_route(route);  // it need not have been there
    if (!may_add(route, most) || !add_route(route)) count_drop(Drop::no_memory);
}

/// [RFC 4862 5.5.3 (e)]
Instant valid_until(const InterfaceAddress* known, Instant now, u32 seconds) {
    auto told = after(now, seconds);
    if (!known || told >= known->valid_until || told > now + shortest_cut) return told;
    return std::min(known->valid_until, now + shortest_cut);
}

void form_address(Interface& interface, const wnd::PrefixOption& option) {
    if (option.preferred > option.valid || option.prefix_length != 64) return;
    auto address = address_in(address_of(option.prefix), interface.mac());
    InterfaceAddress list[Interface::max_addresses];
    auto count = interface.addresses(list);
    const InterfaceAddress* known = nullptr;
    u32 formed = 0;
    for (auto& one : std::span(list).first(count)) {
        if (one.address == address) known = &one;
        if (!one.address.is_v4() && one.valid_until != Instant::never()) ++formed;
    }
    if (!known && (option.valid == 0 || formed >= max_formed)) return;
    // Set by hand, for ever: routers do not end it.
    if (known && known->valid_until == Instant::never() && !known->from_router) return;
    auto now = time::now();
    auto preferred = after(now, option.preferred);
    if (!interface.add_address({.address = address, .prefix_length = 64, .tentative = !known, .deprecated = preferred <= now, .from_router = true,
                                .valid_until = valid_until(known, now, option.valid), .preferred_until = preferred}))
        return count_drop(Drop::no_memory);
    if (!known) detect_duplicates(interface, address);
}

/// Whether a prefix is on the link and whether addresses are formed in it are two things [RFC 5942 4]: the route stands whatever becomes of the address, and
/// the address has none of its own.
void take_prefix(Interface& interface, const wnd::PrefixOption& option, FormAddresses form) {
    if (option.prefix_length > 128) return;
    auto network = Prefix::around(address_of(option.prefix), option.prefix_length);  // the bits behind it say nothing [RFC 4861 4.6.2]
    auto& base = network.base;
    if (base.is_link_local() || base.is_multicast() || base.is_v4()) return;
    if (option.flags & wnd::flag_on_link)
        set_route({.prefix = network, .interface = interface.index(), .metric = metric, .origin = Route::Origin::router,
                   .valid_until = after(time::now(), option.valid)}, max_prefixes);
    if ((option.flags & wnd::flag_autonomous) && form == FormAddresses::yes) form_address(interface, option);
}

/// Name servers and search domains of one advertisement.
struct Names {
    IpAddress servers[4];
    u32 count = 0;
    char search[256] = {};
    u32 lifetime = ~u32{0};

    void add_servers(ByteSpan option) {
        auto* head = wnd::option_as<wnd::RdnssOption>(option);
        if (head->lifetime == 0) return;
        lifetime = std::min<u32>(lifetime, head->lifetime);
        for (auto at = sizeof *head; at + 16 <= option.size() && count < 4; at += 16) {
            auto server = address_of(reinterpret_cast<const u8*>(option.data() + at));
            if (!server.is_multicast() && !server.is_unspecified() && !server.is_v4()) servers[count++] = server;
        }
    }
    void add_search(ByteSpan option) {
        auto* head = wnd::option_as<wnd::RdnssOption>(option);  // DNSSL begins alike [RFC 8106 5.2]
        if (head->lifetime == 0 || search[0]) return;
        lifetime = std::min<u32>(lifetime, head->lifetime);
        (void)wire::dhcp::write_names(option.subspan(sizeof *head), std::span(search).first(sizeof search - 1));
    }
};

}  // namespace

void take_advertisement(Interface& interface, const IpAddress& router, const wnd::RouterMessage& message, FormAddresses form) {
    auto now = time::now();
    if (message.message->hop_limit) interface.set_hop_limit_v6(message.message->hop_limit);  // 0: it does not say [RFC 4861 4.2]
    dhcp6::advertised(interface, message.message->flags & wnd::flag_managed, message.message->flags & wnd::flag_other);
    set_route({.gateway = router, .interface = interface.index(), .metric = metric, .origin = Route::Origin::router,
               .valid_until = now + Duration::seconds(message.message->lifetime)}, max_routers);
    Names names;
    bool names_told = false;
    // parse_router() has walked the options.
    (void)wnd::for_each_option(message.options, [&](u8 kind, ByteSpan option) {
        switch (kind) {
        case wnd::option_source_link:
            if (auto* link = wnd::option_as<wnd::LinkOption>(option); link && !wire::ethernet::is_group(link->mac))
                neighbours::heard_from(interface, router, link->mac);
            break;
        case wnd::option_prefix:
            if (auto* prefix = wnd::option_as<wnd::PrefixOption>(option)) take_prefix(interface, *prefix, form);
            break;
        case wnd::option_mtu:
            if (auto* mtu = wnd::option_as<wnd::MtuOption>(option)) interface.limit_mtu_v6(mtu->mtu);
            break;
        case wnd::option_rdnss: names_told = true, names.add_servers(option); break;
        case wnd::option_dnssl: names_told = true, names.add_search(option); break;
        default: break;
        }
    });
    if (names_told)
        name_servers::set(interface.index(), Route::Origin::router, std::span(names.servers).first(names.count), names.search, after(now, names.lifetime));
}

}  // namespace spore::net::router_discovery
