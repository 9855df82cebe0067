// Brings the network up: an interface for each device and the loopback, their addresses, routes and name servers, as the manifest says.
#pragma once

#include <span>
#include <string_view>

#include "base/time.hpp"
#include "kernel/net/address.hpp"

namespace spore::net {

/// How one interface gets its addresses.
struct InterfaceConfig {
    enum class Method : u8 {
        none,      ///< stays without, but for link-local IPv6
        fixed,     ///< the addresses and gateways below
        automatic, ///< DHCPv4, SLAAC and DHCPv6 as the routers say
    } method = Method::automatic;
    struct Address {
        IpAddress address;
        u8 prefix_length;  ///< as in Prefix
    };
    std::span<const Address> addresses;
    IpAddress gateway_v4, gateway_v6;  ///< unspecified: none
    u16 mtu = 0;                       ///< 0: the device's
};

struct Config {
    std::span<const InterfaceConfig> interfaces;  ///< of the devices, in the order in which they were found; missing ones: automatic
    std::span<const IpAddress> name_servers;      ///< besides those that DHCP names
    std::string_view host_name;                   ///< told to DHCP servers
};

/// Starts everything and returns; addresses may come later.
void start(const Config& config);
/// Waits until every interface that is configured automatically has an address, or the time is over; false then.
bool wait_for_addresses(Duration limit);

/// What /etc/resolv.conf should say.
struct Resolver {
    static constexpr u32 limit = 6;
    IpAddress servers[limit];
    u32 count = 0;
    char search[256] = {};
};
Resolver resolver();

}  // namespace spore::net
