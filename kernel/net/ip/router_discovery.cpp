#include "kernel/net/ip/router_discovery.hpp"

#include <algorithm>

#include "base/locked.hpp"
#include "kernel/net/chores.hpp"
#include "kernel/net/ip/advertised.hpp"
#include "kernel/net/ip/interface_identifier.hpp"
#include "kernel/net/ip/nd.hpp"
#include "kernel/net/ip/route.hpp"
#include "kernel/time/timer.hpp"
#include "wire/net/nd.hpp"

namespace spore::net::router_discovery {

namespace {

namespace wnd = wire::nd;

/// [RFC 4861 10]: three questions, four seconds apart. Routers speak by themselves too.
constexpr u32 max_solicitations = 3;
constexpr Duration solicitation_interval = Duration::seconds(4);

struct Search {
    bool wanted = false;
    bool duplicate = false;   ///< somebody has our identifier
    u32 solicitations = 0;
    Instant ask_at = Instant::never();
};
constinit Locked<Search, sync::Spin> searches[Interfaces::limit + 1] = {};  // by the interface's index

auto& search_on(const Interface& interface) { return searches[interface.index()]; }

void ask_from(Interface& interface, Instant when) {
    search_on(interface).with([&](Search& s) { s = {.wanted = true, .duplicate = s.duplicate, .solicitations = 0, .ask_at = when}; });
    wake_chores_at(when);
}

/// One more question, or none when enough were asked; when the next is due.
Instant ask(Interface& interface, Instant now) {
    bool due = false;
    auto next = search_on(interface).with([&](Search& s) {
        if (now < s.ask_at) return s.ask_at;
        due = true;
        s.ask_at = ++s.solicitations < max_solicitations ? now + solicitation_interval : Instant::never();
        return s.ask_at;
    });
    if (due) nd::solicit_routers(interface);
    return next;
}

}  // namespace

void start(Interface& interface) { ask_from(interface, time::now()); }

void link_up(Interface& interface) {
    search_on(interface).with([](Search& s) { s.duplicate = false; });
    ask_from(interface, time::now());
}

void conflict(Interface& interface, const IpAddress& address) {
    if (address == address_in(address, interface.mac())) search_on(interface).with([](Search& s) { s.duplicate = true; });
}

void input(Owned<device::Packet> packet, const Arrival& arrival) {
    auto& interface = arrival.interface;
    bool duplicate = false;
    bool wanted = search_on(interface).with([&](Search& s) { return duplicate = s.duplicate, s.wanted; });
    if (!wanted) return count_drop(Drop::no_protocol);
    // From a router of this very link [RFC 4861 6.1.2].
    if (arrival.hop_limit != wnd::hop_limit || !arrival.source.is_link_local()) return count_drop(Drop::malformed);
    std::byte bytes[largest_advertisement];
    if (packet->size() > sizeof bytes) return count_drop(Drop::too_big);
    auto message = std::span(bytes).first(packet->size());
    packet->copy_out(0, message);
    auto parsed = wnd::parse_router(message);
    if (!parsed) return count_drop(Drop::malformed);
    search_on(interface).with([](Search& s) { s.ask_at = Instant::never(); });
    take_advertisement(interface, arrival.source, *parsed, duplicate ? FormAddresses::no : FormAddresses::yes);
    wake_chores_at(time::now());
}

Instant expire(Instant now) {
    auto next = expire_routes(now);
    for (u32 index = 2; auto* one = interface(index); ++index) next = std::min({next, ask(*one, now), one->expire_addresses(now)});
    return next;
}

void forget() {
    for (auto& search : searches) search.with([](Search& s) { s = {}; });
}

}  // namespace spore::net::router_discovery
