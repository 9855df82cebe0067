#include "kernel/net/tcp/fast_open.hpp"

#include <algorithm>

#include "base/locked.hpp"
#include "kernel/net/tcp/secret.hpp"
#include "kernel/sync/spin.hpp"

namespace spore::net::tcp {
namespace {

/// Cookies by server; a new one takes the place of another that falls on the same slot.
struct KnownServer {
    IpAddress address;
    u16 mss = 0;
    u8 size = 0;  ///< 0: none
    std::byte cookie[wire::tcp::Options::max_cookie]{};
};
struct KnownServers {
    static constexpr u32 count = 64;
    KnownServer slots[count];
    KnownServer& slot(const IpAddress& address) { return slots[flow_hash({}, 0, address, 0) % count]; }
};
constinit Locked<KnownServers, sync::Spin> known;

}  // namespace

u32 request_fast_open(const IpAddress& server, wire::tcp::Options& options, u32 available, u32 headers, u32 mtu) {
    return known.with([&](KnownServers& servers) -> u32 {
        auto& slot = servers.slot(server);
        options.fast_open = true;
        if (slot.size == 0 || slot.address != server) return 0;
        options.cookie_size = slot.size;
        std::copy_n(slot.cookie, slot.size, options.cookie);
        u32 room = std::min<u32>(mtu - headers, slot.mss ? slot.mss : 536);
        room -= std::min(room, wire::tcp::max_options_size);
        return std::min(available, room);
    });
}

bool knows_fast_open(const IpAddress& server) {
    return known.with([&](KnownServers& servers) {
        auto& slot = servers.slot(server);
        return slot.size != 0 && slot.address == server;
    });
}

void learn_fast_open(const IpAddress& server, const wire::tcp::Options& options) {
    if (!options.fast_open || options.cookie_size == 0) return;
    known.with([&](KnownServers& servers) {
        auto& slot = servers.slot(server);
        slot.address = server;
        slot.mss = options.mss;
        slot.size = options.cookie_size;
        std::copy_n(options.cookie, options.cookie_size, slot.cookie);
    });
}

bool is_our_cookie(const IpAddress& local, const IpAddress& client, const wire::tcp::Options& options) {
    if (!options.fast_open || options.cookie_size != fast_open_cookie_size) return false;
    u64 given;
    std::memcpy(&given, options.cookie, sizeof given);
    return given == fast_open_mac(local, client);
}

void give_cookie(const IpAddress& local, const IpAddress& client, wire::tcp::Options& options) {
    u64 mac = fast_open_mac(local, client);
    options.fast_open = true;
    options.cookie_size = fast_open_cookie_size;
    std::memcpy(options.cookie, &mac, sizeof mac);
}

}  // namespace spore::net::tcp
