#include "kernel/net/ip/duplicate.hpp"

#include <algorithm>

#include "base/locked.hpp"
#include "kernel/core/log.hpp"
#include "kernel/net/address_events.hpp"
#include "kernel/net/chores.hpp"
#include "kernel/net/dhcp/dhcp.hpp"
#include "kernel/net/dhcp6/dhcp6.hpp"
#include "kernel/net/ip/arp.hpp"
#include "kernel/net/ip/nd.hpp"
#include "kernel/net/ip/router_discovery.hpp"
#include "kernel/time/timer.hpp"

namespace spore::net {

namespace {

// [RFC 4862 5.1]: one question, and a second for the answer.
constexpr Duration patience = Duration::seconds(1);
/// Two hosts that both insist must not do so for ever [RFC 5227 2.4 (b)].
constexpr Duration defend_interval = Duration::seconds(10);
constexpr u32 limit = 32;

struct Question {
    Interface* interface = nullptr;
    IpAddress address;
    Instant deadline{};
};
struct Detection {
    Question list[limit];
    Instant defended_until{};

    Question* find(const Interface& interface, const IpAddress& address) {
        auto* at = std::find_if(list, list + limit, [&](auto& q) { return q.interface == &interface && q.address == address; });
        return at == list + limit ? nullptr : at;
    }
};
constinit Locked<Detection, sync::Spin> detection;

}  // namespace

void detect_duplicates(Interface& interface, const IpAddress& address) {
    auto deadline = time::now() + patience;
    bool begun = detection.with([&](Detection& d) {
        auto* free = std::find_if(d.list, d.list + limit, [](auto& q) { return !q.interface; });
        if (free == d.list + limit) return false;
        *free = {&interface, address, deadline};
        return true;
    });
    if (!begun) return interface.confirm_address(address);  // better used unchecked than not at all
    if (address.is_v4()) arp::probe(interface, address.v4_value());
    else nd::probe(interface, address);
    wake_chores_at(deadline);
}

void address_conflict(Interface& interface, const IpAddress& address) {
    if (dhcp::conflict(interface, address)) return;
    auto now = time::now();
    bool defend = false;
    bool tentative = detection.with([&](Detection& d) {
        if (auto* question = d.find(interface, address)) return *question = {}, true;
        if (now >= d.defended_until) {
            defend = true;
            d.defended_until = now + defend_interval;
        }
        return false;
    });
    if (tentative) {
        core::warn("{}: another host has the address that was to be used", interface.name());
        if (dhcp6::conflict(interface, address)) return;
        router_discovery::conflict(interface, address);
        (void)interface.remove_address(address);  // gone already: as well
        return;
    }
    if (!defend) return;
    core::warn("{}: another host uses our address", interface.name());
    if (address.is_v4()) arp::announce(interface, address.v4_value());
    else nd::announce(interface, address);
}

Instant expire_detection(Instant now) {
    auto next = Instant::never();
    for (u32 i = 0; i < limit; ++i) {
        auto done = detection.with([&](Detection& d) -> Question {
            auto& question = d.list[i];
            if (!question.interface) return {};
            if (question.deadline > now) return next = std::min(next, question.deadline), Question{};
            auto over = question;
            question = {};
            return over;
        });
        if (!done.interface) continue;
        done.interface->confirm_address(done.address);
        addresses_changed();
    }
    return next;
}

void forget_detection() {
    detection.with([](Detection& d) { d = {}; });
}

}  // namespace spore::net
