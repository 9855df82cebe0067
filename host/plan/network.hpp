// The guest's network as the arguments and spore.toml say it: how it is attached, its addresses, which ports of this machine lead to it.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "host/common/files.hpp"

namespace spore::host {

/// user: through QEMU's own little router, with no privileges; lan: the same, together with other machines (host/lan); tap: an interface of this machine;
/// bridge: a new interface in a bridge; given: whichever the machine's first card is on, which others run (spore build).
enum class NetworkKind : u8 { user, none, lan, tap, bridge, given };
/// ena, virtio_or_gve: of clouds only; no machine that is started here has them.
enum class Nic : u8 { virtio, e1000, e1000e, vmxnet3, ena, virtio_or_gve };

/// `-p [ip:]host:guest[/udp]`
struct PortForward {
    std::string host_address;  ///< IPv4; empty: all
    u16 host_port = 0, guest_port = 0;
    bool udp = false;
    friend bool operator==(const PortForward&, const PortForward&) = default;
};

/// An IP address; IPv4 in its mapped IPv6 form, as the kernel keeps them.
struct HostAddress {
    std::array<u8, 16> bytes{};
    bool is_v4() const;
    std::string text() const;
    friend bool operator==(const HostAddress&, const HostAddress&) = default;
};
struct InterfaceAddress {
    HostAddress address;
    unsigned length = 0;  ///< of the prefix, as people count it: at most 32 for IPv4
    std::string text() const;
    friend bool operator==(const InterfaceAddress&, const InterfaceAddress&) = default;
};
using MacAddress = std::array<u8, 6>;

struct NetworkChoice {
    NetworkKind kind = NetworkKind::user;
    std::string name;  ///< of the network, TAP or bridge
    friend bool operator==(const NetworkChoice&, const NetworkChoice&) = default;
};

/// What the user asked for; empty where not named.
struct NetworkRequest {
    std::optional<NetworkChoice> choice;
    std::optional<Nic> nic;
    std::vector<PortForward> ports;
    std::vector<InterfaceAddress> addresses;
    bool automatic = false;  ///< in place of addresses: "auto"
    std::vector<HostAddress> gateways, name_servers;

    /// ADDRESS/LENGTH, or "auto" for those that the network gives out.
    Outcome<void> add_address(std::string_view text);
    std::optional<MacAddress> mac;
    std::optional<u16> mtu;    ///< bytes that a packet may have on the link, where these are fewer than Ethernet's 1 500; 576 at least
    std::optional<std::string> host_name;
    std::optional<fs::path> capture;

    /// It asks for a network that other machines are on, which find it by its name.
    bool has_neighbours() const { return choice && choice->kind == NetworkKind::lan; }
    /// Takes over what `upper` names; ports are joined, other lists replaced.
    void merge(const NetworkRequest& upper);
};

struct Network {
    NetworkChoice choice;
    Nic nic = Nic::virtio;
    std::vector<PortForward> ports;
    std::vector<InterfaceAddress> addresses;  ///< none: the guest asks for them, or joining gives them (lan)
    bool automatic() const { return present() && addresses.empty(); }
    std::optional<HostAddress> gateway_v4, gateway_v6;
    std::vector<HostAddress> name_servers;
    MacAddress mac{};
    u16 mtu = 0;                              ///< 0: the card's
    fs::path capture;                         ///< QEMU writes all packets there; empty: no
    bool name_is_given = false;               ///< the guest's name is the user's choice
    bool present() const { return choice.kind != NetworkKind::none; }
};

/// "user", "none", "lan=NAME", "tap=NAME", "bridge=NAME".
Outcome<NetworkChoice> parse_network(std::string_view text);
/// "[ip:]host:guest[/tcp|/udp]", where host and guest may be ranges of the same size.
Outcome<std::vector<PortForward>> parse_ports(std::string_view text);
Outcome<InterfaceAddress> parse_interface_address(std::string_view text);
Outcome<HostAddress> parse_address(std::string_view text);
HostAddress v4_address(u32 value);
Outcome<MacAddress> parse_mac(std::string_view text);
Outcome<std::string> parse_host_name(std::string_view text);
std::string text_of(const MacAddress& mac);
std::string text_of(const NetworkChoice& choice);
std::string text_of(const PortForward& port);
std::string_view name_of(Nic nic);

/// What QEMU's user network has, and others like it: for all that was not named.
void fill_in_user_network(Network& network);
/// Fills in what was not named, and checks that it fits together. `pci` tells whether the machine has a PCI bus.
Outcome<Network> make_network(const NetworkRequest& request, bool pci);

}  // namespace spore::host
