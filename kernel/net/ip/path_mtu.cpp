#include "kernel/net/ip/path_mtu.hpp"

#include <algorithm>

#include "base/locked.hpp"
#include "kernel/net/chores.hpp"
#include "kernel/net/ip/arrival.hpp"
#include "kernel/net/ip/generation.hpp"
#include "kernel/net/ip/path.hpp"
#include "kernel/sync/spin.hpp"
#include "kernel/time/timer.hpp"
#include "wire/net/ipv6.hpp"

namespace spore::net {

namespace path_mtu {

namespace {

/// [RFC 1191 6.3]: ten minutes.
constexpr Duration lifetime = Duration::seconds(600);
/// IPv4 asks for 68 only, but no link of these days has so little, and headers would leave nothing: Linux draws the line here too.
constexpr u32 min_v4 = 552;
constexpr u32 entries = 256, ways = 4;

struct Entry {
    IpAddress destination;
    Instant valid_until{};
    u16 mtu = 0;
};
struct Table {
    Entry list[entries];
    Instant next{};  ///< not before this does an entry end

    /// The entries that a destination may be in; an unlucky fifth takes the oldest's place.
    std::span<Entry, ways> places(const IpAddress& destination) {
        u64 mixed = (destination.halves()[0] ^ destination.halves()[1]) * 0x9e37'79b9'7f4a'7c15;
        return std::span<Entry, ways>(list + (mixed >> 58) * ways, ways);
    }
};
static_assert(entries / ways == 64);
constinit Locked<Table, sync::Spin> table;
constinit std::atomic<bool> used = false;  ///< nearly always false: then nobody needs the lock

}  // namespace

u16 find(const IpAddress& destination, u16 interface_mtu) {
    if (!used.load(std::memory_order_relaxed)) return interface_mtu;
    auto now = time::now();
    return table.with([&](Table& t) {
        for (auto& entry : t.places(destination))
            if (entry.destination == destination && entry.valid_until > now) return std::min(entry.mtu, interface_mtu);
        return interface_mtu;
    });
}

void learn(const IpAddress& destination, u32 mtu) {
    mtu = std::max(mtu, destination.is_v4() ? min_v4 : wire::ipv6::min_mtu);
    if (mtu > 65535) return;
    auto until = time::now() + lifetime;
    table.with([&](Table& t) {
        auto places = t.places(destination);
        auto* place = &places[0];
        for (auto& entry : places) {
            if (entry.destination == destination) { place = &entry; break; }
            if (entry.valid_until < place->valid_until) place = &entry;
        }
        // A second report may come late, about a larger packet: it does not make the way wider.
        bool narrower = place->destination != destination || place->valid_until <= time::now() || mtu < place->mtu;
        if (!narrower) return;
        *place = {destination, until, static_cast<u16>(mtu)};
        t.next = std::min(t.next, until);
        used.store(true, std::memory_order_relaxed);
    });
    wake_chores_at(until);
    next_generation();
}

Instant expire(Instant now) {
    bool changed = false;
    auto next = table.with([&](Table& t) {
        if (now < t.next) return t.next;
        t.next = Instant::never();
        for (auto& entry : t.list) {
            if (entry.mtu == 0) continue;
            if (entry.valid_until <= now) entry = {}, changed = true;
            else t.next = std::min(t.next, entry.valid_until);
        }
        return t.next;
    });
    if (changed) next_generation();
    return next;
}

void forget() {
    table.with([](Table& t) { t = {}; });
}

}  // namespace path_mtu

void accept_path_mtu(const PathError& error) {
    if (error.kind == PathError::Kind::too_big) path_mtu::learn(error.destination, error.mtu);
}

}  // namespace spore::net
