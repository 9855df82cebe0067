#include "host/oci/namespace_network.hpp"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <unistd.h>

#include "host/common/tools.hpp"
#include "host/oci/json_value.hpp"
#include "host/run/network.hpp"

namespace spore::host::oci {

namespace {

constexpr const char* tap = "spore0";
/// The loopback's, and no other interface's is larger.
constexpr u64 most_mtu = 65536;

/// What comes in at one goes out at the other [tc-mirred(8)], before this machine's own kernel looks at it.
Outcome<void> redirect(const std::string& from, const std::string& to) {
    (void)run_tool({"tc", "qdisc", "delete", "dev", from, "ingress"});  // of a machine that was here before
    TRY(run_tool({"tc", "qdisc", "add", "dev", from, "ingress"}));
    return run_tool({"tc", "filter", "add", "dev", from, "parent", "ffff:", "protocol", "all", "u32", "match", "u32", "0", "0", "action", "mirred", "egress", "redirect", "dev", to});
}

Outcome<void> make_tap(const Interface& interface) {
    if (::access("/dev/net/tun", R_OK | W_OK) != 0)
        return failure(ExitStatus::failed, "the container's network: /dev/net/tun: {}: make it this user's to read and write, or load the module with 'modprobe tun'", error_text());
    bool was_there = ::if_nametoindex(tap) != 0;
    if (!was_there) TRY(run_tool({"ip", "tuntap", "add", "dev", tap, "mode", "tap"}));
    if (auto free = open_tap(tap); !free && was_there)
        return failure(ExitStatus::failed, "the container's network: a machine has the interface {} already, and each needs one to itself: give a pod one container", interface.name);
    else if (!free) return std::unexpected(free.error());
    // No address of its own: nothing but the machine is to speak there.
    TRY(run_tool({"ip", "link", "set", "dev", tap, "addrgenmode", "none", "mtu", fmt::to_string(interface.mtu), "up"}));
    TRY(redirect(interface.name, tap));
    return redirect(tap, interface.name);
}

}  // namespace

Outcome<std::vector<Interface>> parse_interfaces(std::string_view text) {
    auto parsed = nlohmann::json::parse(text, nullptr, false);
    std::vector<Interface> interfaces;
    for (const auto& item : TRY((JsonValue{parsed, "interfaces"}.items()))) {
        Interface interface{.name = TRY(item["ifname"].text()), .mtu = static_cast<unsigned>(TRY(item["mtu"].number(most_mtu)))};
        if (TRY(item["link_type"].text()) == "loopback" || interface.name == tap) continue;
        for (const auto& address : TRY(item["addr_info"].items()))
            if (TRY(address["scope"].text()) == "global")
                interface.addresses.push_back(TRY(parse_interface_address(fmt::format("{}/{}", TRY(address["local"].text()), TRY(address["prefixlen"].number())))));
        if (interface.addresses.empty()) continue;
        interface.mac = TRY(parse_mac(TRY(item["address"].text())));
        interfaces.push_back(std::move(interface));
    }
    return interfaces;
}

Outcome<std::optional<HostAddress>> parse_gateway(std::string_view text, std::string_view interface) {
    auto parsed = nlohmann::json::parse(text.empty() ? "[]" : text, nullptr, false);  // ip says nothing at all where there is no route
    for (const auto& route : TRY((JsonValue{parsed, "routes"}.items())))
        if (TRY(route["dev"].text()) == interface && route["gateway"]) return TRY(parse_address(TRY(route["gateway"].text())));
    return std::nullopt;
}

Outcome<void> enter_network(const Spec& spec) {
    if (spec.network == NetworkPlace::host) return {};
    if (spec.network == NetworkPlace::made) {
        if (::unshare(CLONE_NEWNET) != 0) return failure(ExitStatus::failed, "cannot make a network namespace: {}", error_text());
        return {};
    }
    FileDescriptor there(::open(spec.network_namespace.c_str(), O_RDONLY | O_CLOEXEC));
    if (!there || ::setns(there.number(), CLONE_NEWNET) != 0)
        return failure(ExitStatus::failed, "cannot enter the network namespace {}: {}", spec.network_namespace.string(), error_text());
    return {};
}

Outcome<NetworkRequest> attach_to_interface() {
    TRY(need_tools("a container's network", {{"ip", "iproute2"}, {"tc", "iproute2"}}));
    auto interfaces = TRY(parse_interfaces(TRY(ask_tool({"ip", "-json", "address", "show", "up"}))));
    if (interfaces.empty()) return NetworkRequest{.choice = NetworkChoice{.kind = NetworkKind::none}};
    if (interfaces.size() > 1)
        return failure(ExitStatus::failed, "the container has {} network interfaces ({} and {}), and a machine has one card: give it one network", interfaces.size(), interfaces[0].name,
                       interfaces[1].name);
    const auto& interface = interfaces[0];
    NetworkRequest request{.choice = NetworkChoice{.kind = NetworkKind::tap, .name = tap}, .addresses = interface.addresses, .mac = interface.mac};
    // Networks of containers that lie in others have shorter packets, and nobody cuts those that come from beside their own kernel.
    constexpr unsigned least = 576, usual = 1500;
    if (interface.mtu >= least && interface.mtu < usual) request.mtu = static_cast<u16>(interface.mtu);
    for (const char* family : {"-4", "-6"})
        if (auto gateway = TRY(parse_gateway(TRY(ask_tool({"ip", "-json", family, "route", "show", "default"})), interface.name))) request.gateways.push_back(*gateway);
    TRY(make_tap(interface));
    return request;
}

}  // namespace spore::host::oci
