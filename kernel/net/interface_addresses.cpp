// The addresses of an interface, and the routes and tables that follow from them.
#include <algorithm>

#include "kernel/net/interface.hpp"
#include "kernel/net/ip/group_reports.hpp"
#include "kernel/net/ip/local_table.hpp"
#include "kernel/net/ip/route.hpp"
#include "wire/net/nd.hpp"

namespace spore::net {

namespace {

IpAddress solicited_node(const IpAddress& address) { return IpAddress::v6(wire::nd::solicited_node_group(address.bytes())); }

/// The network of an address is on the link, unless a router said where the address lies: then it says of the network, too. A host route to itself would say
/// nothing: find_local() knows it.
bool makes_route(const InterfaceAddress& address) { return address.prefix_length < 128 && !address.from_router; }
Route network_route(const Interface& interface, const InterfaceAddress& address) {
    return {.prefix = Prefix::around(address.address, address.prefix_length), .interface = interface.index(), .origin = Route::Origin::address};
}

}  // namespace

Result<void> Interface::add_address(const InterfaceAddress& address) {
    if (address.prefix_length > 128 || address.address.is_unspecified() || address.address.is_multicast()) return fail(Error::invalid);
    bool fresh = TRY(addresses_.with([&](Addresses& a) -> Result<bool> {
        for (auto& one : std::span(a.list, a.count)) {
            if (one.address != address.address) continue;
            if (one.prefix_length != address.prefix_length) return fail(Error::exists);
            bool tentative = one.tentative;
            one = address;  // new lifetimes
            one.tentative = tentative;
            return false;
        }
        if (a.count == max_addresses) return fail(Error::no_space);
        a.list[a.count++] = address;
        return true;
    }));
    if (device_ && fresh && !address.address.is_v4()) {
        if (auto joined = join(solicited_node(address.address)); !joined) {
            take_out(address.address);
            return joined;
        }
    }
    if (device_ && makes_route(address)) {
        if (auto added = add_route(network_route(*this, address)); !added) {
            if (fresh) (void)remove_address(address.address);  // it has just come
            return added;
        }
    }
    rewrite_local_table();
    return {};
}

/// Out of the list; nothing when it is not there.
std::optional<InterfaceAddress> Interface::take_out(const IpAddress& address) {
    return addresses_.with([&](Addresses& a) -> std::optional<InterfaceAddress> {
        for (auto& one : std::span(a.list, a.count)) {
            if (one.address != address) continue;
            auto removed = one;
            one = a.list[--a.count];
            return removed;
        }
        return std::nullopt;
    });
}

Result<void> Interface::remove_address(const IpAddress& address) {
    auto removed = take_out(address);
    if (!removed) return fail(Error::address_not_available);
    bool others = addresses_.with([&](const Addresses& a) {
        return std::any_of(a.list, a.list + a.count, [&](auto& left) {
            return makes_route(left) && left.prefix_length == removed->prefix_length && removed->network().contains(left.address);
        });
    });
    if (device_ && !address.is_v4()) leave(solicited_node(address));
    if (!others && makes_route(*removed)) (void)remove_route(network_route(*this, *removed));  // gone by hand: as well
    rewrite_local_table();
    return {};
}

bool Interface::has_address(const IpAddress& address) const {
    return addresses_.with([&](const Addresses& a) {
        return std::any_of(a.list, a.list + a.count, [&](auto& one) { return one.address == address; });
    });
}

bool Interface::is_tentative(const IpAddress& address) const {
    return addresses_.with([&](const Addresses& a) {
        return std::any_of(a.list, a.list + a.count, [&](auto& one) { return one.address == address && one.tentative; });
    });
}

void Interface::confirm_address(const IpAddress& address) {
    addresses_.with([&](Addresses& a) {
        for (auto& one : std::span(a.list, a.count))
            if (one.address == address) one.tentative = false;
    });
    rewrite_local_table();
    if (address.is_link_local()) group_reports::tell_all(*this);
}

Instant Interface::expire_addresses(Instant now) {
    IpAddress over[max_addresses];
    u32 count = 0;
    auto next = addresses_.with([&](Addresses& a) {
        auto earliest = Instant::never();
        for (auto& one : std::span(a.list, a.count)) {
            if (one.address.is_v4()) continue;  // the DHCP client looks after these
            if (one.valid_until <= now) {
                over[count++] = one.address;
                continue;
            }
            one.deprecated = one.preferred_until <= now;
            earliest = std::min(earliest, one.deprecated ? one.valid_until : one.preferred_until);
        }
        return earliest;
    });
    for (auto& address : std::span(over).first(count)) (void)remove_address(address);  // gone already: as well
    return next;
}

std::size_t Interface::addresses(std::span<InterfaceAddress> into) const {
    return addresses_.with([&](const Addresses& a) -> std::size_t {
        std::copy_n(a.list, std::min<std::size_t>(a.count, into.size()), into.begin());
        return a.count;
    });
}

}  // namespace spore::net
