#include "kernel/net/ip/route.hpp"

#include <algorithm>

#include "kernel/net/interface.hpp"
#include "kernel/net/ip/generation.hpp"
#include "kernel/time/timer.hpp"

namespace spore::net {

namespace {

/// Zeros until routes are added, so that the kernel's image need not hold it.
struct Table {
    alignas(Route) std::byte space[sizeof(Route) * max_routes] = {};
    u32 count = 0;

    Route* list() { return reinterpret_cast<Route*>(space); }
    std::span<Route> all() { return {list(), count}; }
    void remove(Route& route) {
        std::move(&route + 1, list() + count, &route);
        --count;
    }
};
constinit Locked<Table, sync::Spin> table;

bool same(const Route& a, const Route& b) {
    return a.prefix.base == b.prefix.base && a.prefix.length == b.prefix.length && a.gateway == b.gateway && a.interface == b.interface && a.origin == b.origin;
}
bool before(const Route& a, const Route& b) {
    return a.prefix.length != b.prefix.length ? a.prefix.length > b.prefix.length : a.metric < b.metric;
}

}  // namespace

Result<void> add_route(const Route& route) {
    TRY(table.with([&](Table& t) -> Result<void> {
        for (auto& one : t.all()) {
            if (!same(one, route)) continue;
            t.remove(one);
            break;
        }
        if (t.count == max_routes) return fail(Error::no_space);
        auto* at = std::upper_bound(t.list(), t.list() + t.count, route, before);
        std::move_backward(at, t.list() + t.count, t.list() + t.count + 1);
        *at = route;
        ++t.count;
        return {};
    }));
    next_generation();
    return {};
}

Result<void> remove_route(const Route& route) {
    bool found = table.with([&](Table& t) {
        for (auto& one : t.all()) {
            if (!same(one, route)) continue;
            t.remove(one);
            return true;
        }
        return false;
    });
    if (!found) return fail(Error::not_found);
    next_generation();
    return {};
}

void remove_routes(u32 interface, Route::Origin origin) {
    table.with([&](Table& t) {
        auto rest = std::remove_if(t.list(), t.list() + t.count, [&](const Route& r) { return r.interface == interface && r.origin == origin; });
        t.count = static_cast<u32>(rest - t.list());
    });
    next_generation();
}

Instant expire_routes(Instant now) {
    bool changed = false;
    auto next = table.with([&](Table& t) {
        auto rest = std::remove_if(t.list(), t.list() + t.count, [&](const Route& r) { return r.valid_until <= now; });
        changed = rest != t.list() + t.count;
        t.count = static_cast<u32>(rest - t.list());
        auto earliest = Instant::never();
        for (auto& route : t.all()) earliest = std::min(earliest, route.valid_until);
        return earliest;
    });
    if (changed) next_generation();
    return next;
}

Result<Route> find_route(const IpAddress& destination, u32 wanted) {
    auto now = time::now();
    bool v4 = destination.is_v4();
    return table.with([&](Table& t) -> Result<Route> {
        for (auto& route : t.all()) {
            if ((wanted && route.interface != wanted) || !route.prefix.contains(destination) || route.valid_until <= now) continue;
            // ::/0 contains the IPv4 addresses' form too.
            if (route.prefix.base.is_v4() != v4) continue;
            if (auto* out = interface(route.interface); out && out->up()) return route;
        }
        return fail(Error::network_unreachable);
    });
}

std::size_t routes(std::span<Route> into) {
    return table.with([&](Table& t) -> std::size_t {
        std::copy_n(t.list(), std::min<std::size_t>(t.count, into.size()), into.begin());
        return t.count;
    });
}

void forget_routes() {
    table.with([](Table& t) { t.count = 0; });
    next_generation();
}

}  // namespace spore::net
