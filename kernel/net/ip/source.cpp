#include "kernel/net/ip/source.hpp"

#include <algorithm>

namespace spore::net {

namespace {

/// How far an address is valid [RFC 6724 3.1]: link-local, site-local, global. A multicast destination says it itself.
u8 scope_of(const IpAddress& address) {
    if (!address.is_v4() && address.is_multicast()) return address.bytes()[1] & 0xf;
    if (address.is_link_local() || address.is_loopback()) return 2;
    return 14;
}

u32 common_bits(const IpAddress& a, const IpAddress& b) {
    u64 high = __builtin_bswap64(a.halves()[0] ^ b.halves()[0]), low = __builtin_bswap64(a.halves()[1] ^ b.halves()[1]);
    return static_cast<u32>(high ? __builtin_clzll(high) : low ? 64 + __builtin_clzll(low) : 128);
}

/// Unique local addresses talk to their like [RFC 6724 2.1, label 13].
bool is_unique_local(const IpAddress& address) { return !address.is_v4() && (address.bytes()[0] & 0xfe) == 0xfc; }

/// Whether `a` suits the destination better than `b`: rules 1 to 3, 6 and 8.
bool better(const InterfaceAddress& a, const InterfaceAddress& b, const IpAddress& destination) {
    if ((a.address == destination) != (b.address == destination)) return a.address == destination;
    u8 scope_a = scope_of(a.address), scope_b = scope_of(b.address), wanted = scope_of(destination);
    if (scope_a != scope_b) return scope_a < scope_b ? scope_a >= wanted : scope_b < wanted;
    if (a.deprecated != b.deprecated) return !a.deprecated;
    bool unique = is_unique_local(destination);
    if (is_unique_local(a.address) != is_unique_local(b.address)) return is_unique_local(a.address) == unique;
    // Only as far as the prefix goes: what a host chose itself says nothing about nearness.
    return std::min<u32>(common_bits(a.address, destination), a.prefix_length) >
           std::min<u32>(common_bits(b.address, destination), b.prefix_length);
}

void consider(const Interface& interface, const IpAddress& destination, InterfaceAddress& best, bool& found) {
    InterfaceAddress list[Interface::max_addresses];
    auto count = interface.addresses(list);
    for (auto& one : std::span(list).first(count)) {
        if (one.tentative || !one.address.same_family(destination)) continue;
        if (found && !better(one, best, destination)) continue;
        best = one;
        found = true;
    }
}

}  // namespace

IpAddress source_on(const Interface& interface, const IpAddress& destination) {
    InterfaceAddress best;
    bool found = false;
    consider(interface, destination, best, found);
    if (found) return best.address;
    return destination.is_v4() ? IpAddress::any_v4() : IpAddress();
}

IpAddress source_for(const Interface& out, const IpAddress& destination) {
    auto own = source_on(out, destination);
    if (!own.is_unspecified() && (!own.is_link_local() || scope_of(destination) <= 2)) return own;
    InterfaceAddress best;
    bool found = false;
    for (u32 index = 2; auto* one = interface(index); ++index) consider(*one, destination, best, found);
    if (!found) return own;
    return own.is_unspecified() || scope_of(best.address) > scope_of(own) ? best.address : own;
}

}  // namespace spore::net
