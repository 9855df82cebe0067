#include "kernel/main/network.hpp"

#include <algorithm>

#include "kernel/core/log.hpp"
#include "kernel/net/drain.hpp"
#include "kernel/net/start.hpp"

namespace spore::main {
namespace {

constexpr std::size_t max_interfaces = 8;

net::IpAddress address_of(std::span<const u8, 16> bytes) {
    std::array<u8, 16> copy;
    std::copy(bytes.begin(), bytes.end(), copy.begin());
    return net::IpAddress::v6(copy);
}

/// The manifest's records in the stack's form, alive for as long as net::start() looks at them.
struct Settings {
    net::InterfaceConfig::Address addresses[max_interfaces][abi::max_addresses];
    net::InterfaceConfig interfaces[max_interfaces];
    std::size_t count = 0;
    net::IpAddress servers[net::Resolver::limit];
    std::size_t server_count = 0;

    void add(const wire::Manifest::Interface& interface) {
        if (count == max_interfaces) return;
        auto& record = interface.record;
        auto& config = interfaces[count];
        for (std::size_t i = 0; i < interface.addresses.size(); ++i)
            addresses[count][i] = {address_of(interface.addresses[i].address), interface.addresses[i].prefix_length};
        config.addresses = {addresses[count], interface.addresses.size()};
        config.gateway_v4 = address_of(record.gateway_v4), config.gateway_v6 = address_of(record.gateway_v6);
        config.mtu = record.mtu;
        using Method = net::InterfaceConfig::Method;
        switch (static_cast<abi::AddressMethod>(record.method)) {
        case abi::AddressMethod::none: config.method = Method::none; break;
        case abi::AddressMethod::fixed: config.method = Method::fixed; break;
        case abi::AddressMethod::automatic: config.method = Method::automatic; break;
        }
        ++count;
    }
};

}  // namespace

void start_network(const wire::Manifest& manifest) {
    Settings settings;
    manifest.for_each_interface([&](const wire::Manifest::Interface& interface) { settings.add(interface); });
    manifest.for_each_name_server([&](std::span<const u8, 16> bytes) {
        if (settings.server_count < net::Resolver::limit) settings.servers[settings.server_count++] = address_of(bytes);
    });
    net::start({.interfaces = {settings.interfaces, settings.count}, .name_servers = {settings.servers, settings.server_count},
                .host_name = manifest.hostname()});
}

void wait_for_network() {
    constexpr auto patience = Duration::seconds(15);
    if (!net::wait_for_addresses(patience))
        core::error("the network gave no address within {} s: is there a DHCP server? Name an address with --ip ADDRESS/LENGTH and --gateway ADDRESS",
                    patience.nanoseconds / 1'000'000'000);
}

void drain_network() {
    // Four retransmissions of a peer that is near, at 200 ms and twice that each time.
    constexpr auto patience = Duration::seconds(5), limit = Duration::seconds(60);
    if (!net::drain(patience, limit)) core::info("the machine stops, though not all that the program sent has arrived");
}

}  // namespace spore::main
