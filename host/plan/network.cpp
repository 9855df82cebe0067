#include "host/plan/network.hpp"

#include <sys/random.h>

#include <set>
#include <span>
#include <tuple>

namespace spore::host {

namespace {

/// The addresses that QEMU's user network has, and expects its guest to have [QEMU, "User mode networking"].
constexpr std::string_view user_v4 = "10.0.2.15/24", user_v4_gateway = "10.0.2.2", user_v4_server = "10.0.2.3";
constexpr std::string_view user_v6 = "fec0::15/64", user_v6_gateway = "fec0::2";
constexpr MacAddress user_mac{0x52, 0x54, 0, 0x12, 0x34, 0x56};

/// Machines on one bridge need addresses that differ. The first byte says that nobody sold it [IEEE 802, locally administered].
MacAddress random_mac() {
    MacAddress mac{0x52, 0x54, 0, 0, 0, 0};
    u8 bytes[3];
    if (::getrandom(bytes, sizeof bytes, 0) == sizeof bytes) std::copy_n(bytes, 3, mac.begin() + 3);
    return mac;
}

InterfaceAddress known(std::string_view text) { return *parse_interface_address(text); }
HostAddress known_address(std::string_view text) { return *parse_address(text); }

/// Nobody can say to which of two a port of this machine leads.
Outcome<void> check_ports(std::span<const PortForward> ports) {
    std::set<std::tuple<bool, u16, std::string>> taken;
    for (const auto& port : ports) {
        bool fresh = taken.insert({port.udp, port.host_port, port.host_address}).second;
        if (!fresh) return failure(ExitStatus::failed, "-p {}: port {} of this machine leads elsewhere already: choose another", text_of(port), port.host_port);
    }
    return {};
}

/// On a network of machines each has what it is given there.
Outcome<void> check_lan(const NetworkRequest& request, const NetworkChoice& choice) {
    if (request.addresses.empty() && !request.automatic && request.gateways.empty() && !request.mac) return {};
    return failure(ExitStatus::failed, "--network {} gives its machines their addresses: leave --ip, --gateway and --mac away", text_of(choice));
}

}  // namespace

void fill_in_user_network(Network& network) {
    if (network.addresses.empty()) network.addresses = {known(user_v4), known(user_v6)};
    bool v4 = false, v6 = false;
    for (const auto& address : network.addresses) (address.address.is_v4() ? v4 : v6) = true;
    if (!network.gateway_v4 && v4) network.gateway_v4 = known_address(user_v4_gateway);
    if (!network.gateway_v6 && v6) network.gateway_v6 = known_address(user_v6_gateway);
    if (network.name_servers.empty()) network.name_servers = {known_address(v4 ? user_v4_server : "fec0::3")};
}

Outcome<Network> make_network(const NetworkRequest& request, bool pci) {
    // A program that asks for no port and no network has none: its machine starts faster.
    NetworkChoice usual{request.ports.empty() ? NetworkKind::none : NetworkKind::user, ""};
    Network network{.choice = request.choice.value_or(usual), .nic = request.nic.value_or(Nic::virtio), .ports = request.ports,
                    .addresses = request.addresses, .name_servers = request.name_servers, .capture = request.capture.value_or(""),
                    .name_is_given = request.host_name.has_value()};
    bool user = network.choice.kind == NetworkKind::user, lan = network.choice.kind == NetworkKind::lan;
    for (const auto& gateway : request.gateways) (gateway.is_v4() ? network.gateway_v4 : network.gateway_v6) = gateway;
    if (!network.present()) {
        if (request.automatic) return failure(ExitStatus::failed, "--ip auto needs a network: add --network user, tap=NAME or bridge=NAME");
        if (!network.ports.empty()) return failure(ExitStatus::failed, "-p leads to a guest without a network: leave --network none away");
        // Who says none may have the rest from spore.toml; who says nothing meant the rest to be of use.
        bool described = !request.addresses.empty() || !request.gateways.empty() || !request.name_servers.empty() || request.mac || request.nic || request.capture;
        if (described && !request.choice)
            return failure(ExitStatus::failed, "--ip, --gateway, --dns, --mac, --nic and --pcap describe a network that is not there: add --network user, tap=NAME or bridge=NAME");
        return network;
    }
    TRY(check_ports(network.ports));
    if (lan) TRY(check_lan(request, network.choice));
    if (!user && !lan && !network.ports.empty())
        return failure(ExitStatus::failed, "-p works with --network user or lan=NAME only: with {} the guest has an address of its own, where it is reached",
                       text_of(network.choice));
    if (!pci && network.nic != Nic::virtio)
        return failure(ExitStatus::failed, "--nic {} needs a PCI bus: add --machine q35", name_of(network.nic));
    if (!request.gateways.empty() && request.addresses.empty() && !user)
        return failure(ExitStatus::failed, "--gateway without an address of the guest: add --ip ADDRESS/LENGTH");
    network.mtu = request.mtu.value_or(0);
    network.mac = request.mac.value_or(user ? user_mac : random_mac());
    if (user && !request.automatic) fill_in_user_network(network);
    return network;
}

}  // namespace spore::host
