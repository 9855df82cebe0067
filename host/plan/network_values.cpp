// The network's small values in arguments and spore.toml.
#include <arpa/inet.h>
#include <net/if.h>

#include <algorithm>
#include <charconv>

#include "host/plan/network.hpp"

namespace spore::host {

namespace {

constexpr u8 mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

template <typename... Args>
std::unexpected<Failure> wrong(fmt::format_string<Args...> format, Args&&... args) {
    return failure(ExitStatus::failed, "{}", fmt::format(format, std::forward<Args>(args)...));
}

std::optional<u16> parse_port(std::string_view text) {
    u16 number = 0;
    auto [end, error] = std::from_chars(text.begin(), text.end(), number);
    if (error != std::errc{} || end != text.end() || number == 0) return std::nullopt;
    return number;
}
struct PortRange {
    u16 first, last;
};
std::optional<PortRange> parse_range(std::string_view text) {
    auto dash = text.find('-');
    auto first = parse_port(text.substr(0, dash));
    auto last = dash == std::string_view::npos ? first : parse_port(text.substr(dash + 1));
    if (!first || !last || *last < *first) return std::nullopt;
    return PortRange{*first, *last};
}

}  // namespace

bool HostAddress::is_v4() const { return std::equal(std::begin(mapped), std::end(mapped), bytes.begin()); }

std::string HostAddress::text() const {
    char buffer[INET6_ADDRSTRLEN];
    bool v4 = is_v4();
    ::inet_ntop(v4 ? AF_INET : AF_INET6, bytes.data() + (v4 ? sizeof mapped : 0), buffer, sizeof buffer);
    return buffer;
}
std::string InterfaceAddress::text() const { return fmt::format("{}/{}", address.text(), length); }

Outcome<HostAddress> parse_address(std::string_view text) {
    HostAddress address;
    std::string copy(text);
    if (::inet_pton(AF_INET, copy.c_str(), address.bytes.data() + sizeof mapped) == 1) {
        std::copy(std::begin(mapped), std::end(mapped), address.bytes.begin());
        return address;
    }
    if (::inet_pton(AF_INET6, copy.c_str(), address.bytes.data()) == 1) return address;
    return wrong("'{}' is no IP address: write one such as 192.0.2.7 or 2001:db8::7", text);
}

HostAddress v4_address(u32 value) {
    HostAddress address;
    std::copy(std::begin(mapped), std::end(mapped), address.bytes.begin());
    for (std::size_t i = 0; i < 4; ++i) address.bytes[sizeof mapped + i] = static_cast<u8>(value >> (24 - 8 * i));
    return address;
}

Outcome<InterfaceAddress> parse_interface_address(std::string_view text) {
    auto slash = text.find('/');
    InterfaceAddress result{.address = TRY(parse_address(text.substr(0, slash)))};
    unsigned most = result.address.is_v4() ? 32 : 128;
    auto length = slash == std::string_view::npos ? std::string_view() : text.substr(slash + 1);
    auto [end, error] = std::from_chars(length.begin(), length.end(), result.length);
    if (error != std::errc{} || end != length.end() || result.length > most)
        return wrong("'{}' lacks the length of its network's prefix: write {}/{}", text, result.address.text(), result.address.is_v4() ? 24 : 64);
    return result;
}

Outcome<void> NetworkRequest::add_address(std::string_view text) {
    if (text == "auto" || text == "dhcp") automatic = true;
    else addresses.push_back(TRY(parse_interface_address(text)));
    if (automatic && !addresses.empty())
        return failure(ExitStatus::failed, "--ip auto lets the network give out addresses: leave it or --ip {} away", addresses.front().text());
    return {};
}

Outcome<MacAddress> parse_mac(std::string_view text) {
    MacAddress mac{};
    std::string_view rest = text;
    bool good = true;
    for (std::size_t i = 0; i < mac.size() && good; ++i) {
        auto [end, error] = std::from_chars(rest.begin(), rest.end(), mac[i], 16);
        auto used = static_cast<std::size_t>(end - rest.begin());
        good = error == std::errc{} && used >= 1 && used <= 2 && (i + 1 == mac.size() ? used == rest.size() : used < rest.size() && rest[used] == ':');
        if (good) rest.remove_prefix(std::min(used + 1, rest.size()));
    }
    if (!good) return wrong("'{}' is no MAC address: write one such as 52:54:00:12:34:57", text);
    if (mac[0] & 1) return wrong("the MAC address {} is a group's: its first byte must be even, such as 52", text);
    return mac;
}

Outcome<std::string> parse_host_name(std::string_view text) {
    constexpr std::size_t longest = 63;  // a label of a name [RFC 1123 2.1]
    bool good = !text.empty() && text.size() <= longest && !text.starts_with('-');
    for (char c : text) good = good && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.');
    if (!good) return wrong("'{}' is no host name: at most {} letters, digits, dots and hyphens", text, longest);
    return std::string(text);
}

Outcome<NetworkChoice> parse_network(std::string_view text) {
    if (text == "user") return NetworkChoice{NetworkKind::user, ""};
    if (text == "none") return NetworkChoice{NetworkKind::none, ""};
    auto equals = text.find('=');
    auto kind = text.substr(0, equals);
    auto name = equals == std::string_view::npos ? std::string_view() : text.substr(equals + 1);
    if (kind == "lan") {
        auto good = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; };
        constexpr std::size_t longest = 63;
        if (name.empty() || name.size() > longest || !std::ranges::all_of(name, good)) return wrong("--network {}: name the network by at most {} letters, digits, - and _, such as lan=shop", text, longest);
        return NetworkChoice{NetworkKind::lan, std::string(name)};
    }
    if (kind != "tap" && kind != "bridge") return wrong("--network {}: give one of user, none, lan=NAME, tap=NAME, bridge=NAME", text);
    if (name.empty() || name.size() >= IFNAMSIZ || name.find_first_of("/, ") != std::string_view::npos)
        return wrong("--network {}: name the interface, such as {}={}", text, kind, kind == "tap" ? "tap0" : "br0");
    return NetworkChoice{kind == "tap" ? NetworkKind::tap : NetworkKind::bridge, std::string(name)};
}

Outcome<std::vector<PortForward>> parse_ports(std::string_view text) {
    auto rest = text;
    PortForward model;
    if (rest.ends_with("/udp")) model.udp = true;
    if (rest.ends_with("/udp") || rest.ends_with("/tcp")) rest.remove_suffix(4);
    auto last = rest.rfind(':');
    if (last == std::string_view::npos) return wrong("-p {}: write HOST:GUEST, such as -p 8080:80", text);
    auto guest = parse_range(rest.substr(last + 1));
    rest = rest.substr(0, last);
    if (auto colon = rest.rfind(':'); colon != std::string_view::npos) {
        model.host_address = rest.substr(0, colon);
        auto address = parse_address(model.host_address);
        if (!address || !address->is_v4()) return wrong("-p {}: the address of this machine must be an IPv4 one, such as 127.0.0.1", text);
        rest = rest.substr(colon + 1);
    }
    auto host = parse_range(rest);
    if (!host || !guest) return wrong("-p {}: ports are numbers from 1 to 65535, or ranges such as 8000-8003", text);
    if (host->last - host->first != guest->last - guest->first) return wrong("-p {}: the two ranges differ in size", text);
    std::vector<PortForward> ports;
    for (u32 i = 0; i <= u32{host->last} - host->first; ++i) {
        model.host_port = static_cast<u16>(host->first + i), model.guest_port = static_cast<u16>(guest->first + i);
        ports.push_back(model);
    }
    return ports;
}

std::string text_of(const MacAddress& mac) { return fmt::format("{:02x}", fmt::join(mac, ":")); }

std::string text_of(const NetworkChoice& choice) {
    switch (choice.kind) {
        case NetworkKind::user: return "user";
        case NetworkKind::none: return "none";
        case NetworkKind::lan: return "lan=" + choice.name;
        case NetworkKind::tap: return "tap=" + choice.name;
        case NetworkKind::bridge: return "bridge=" + choice.name;
        case NetworkKind::given: return "the machine's own";
    }
    return "?";
}

std::string text_of(const PortForward& port) {
    return fmt::format("{}{}{}:{}{}", port.host_address, port.host_address.empty() ? "" : ":", port.host_port, port.guest_port, port.udp ? "/udp" : "");
}

}  // namespace spore::host
