#include "host/network/guest_network.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "host/common/text.hpp"

namespace spore::host {

namespace {

/// The next piece up to a separator, which goes too.
std::string_view cut(std::string_view& text, char separator) {
    auto at = text.find(separator);
    auto piece = text.substr(0, at);
    text.remove_prefix(at == text.npos ? text.size() : at + 1);
    return piece;
}

template <typename Visit>
void for_each_line(std::string_view text, Visit visit) {
    while (!text.empty()) visit(cut(text, '\n'));
}

/// The form that people write, whatever form the guest wrote.
std::string shortened(std::string_view address) {
    std::string text(address);
    in6_addr bytes{};
    char buffer[INET6_ADDRSTRLEN];
    return ::inet_pton(AF_INET6, text.c_str(), &bytes) == 1 && ::inet_ntop(AF_INET6, &bytes, buffer, sizeof buffer) ? buffer : text;
}
std::string shortened_prefix(std::string_view prefix) {
    auto address = cut(prefix, '/');
    return fmt::format("{}/{}", shortened(address), prefix);
}

/// "0100007F:0050", an address in words of the machine's order: both guests' machines are little-endian [proc(5)].
std::optional<std::string> endpoint(std::string_view text) {
    auto address = cut(text, ':');
    auto port = to_number(text, 16);
    if (!port || (address.size() != 8 && address.size() != 32)) return std::nullopt;
    std::array<u8, 16> bytes{};
    for (std::size_t word = 0; word * 8 < address.size(); ++word) {
        auto value = to_number(address.substr(word * 8, 8), 16);
        if (!value) return std::nullopt;
        for (std::size_t byte = 0; byte < 4; ++byte) bytes[word * 4 + byte] = static_cast<u8>(*value >> 8 * byte);
    }
    bool v6 = address.size() == 32;
    auto port_text = *port ? fmt::to_string(*port) : "*";
    if (std::ranges::count(bytes, 0) == 16) return fmt::format("{}:{}", v6 ? "[::]" : "0.0.0.0", port_text);
    char buffer[INET6_ADDRSTRLEN];
    if (!::inet_ntop(v6 ? AF_INET6 : AF_INET, bytes.data(), buffer, sizeof buffer)) return std::nullopt;
    return v6 ? fmt::format("[{}]:{}", buffer, port_text) : fmt::format("{}:{}", buffer, port_text);
}

/// Linux's numbers for a connection's state [linux include/net/tcp_states.h], with the names that `ss` has for them.
std::string_view state_name(u64 state) {
    constexpr std::string_view names[] = {"?", "ESTAB", "SYN-SENT", "SYN-RECV", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT", "UNCONN", "CLOSE-WAIT", "LAST-ACK", "LISTEN", "CLOSING"};
    return state < std::size(names) ? names[state] : names[0];
}

}  // namespace

void GuestNetwork::take_layout(std::string_view text) {
    for_each_line(text, [&](std::string_view line) {
        auto words = words_of(line);
        if (words.size() < 3) return;
        if (words[0] == "interface" && words.size() == 5) {
            interfaces.push_back({.name = std::string(words[1]), .mac = std::string(words[2]), .state = std::string(words[4]), .addresses = {}});
            interfaces.back().mtu = static_cast<u32>(to_number(words[3]).value_or(0));
        } else if (words[0] == "address" && !interfaces.empty()) {
            interfaces.back().addresses.push_back({shortened_prefix(words[1]), std::string(words[2])});
        } else if (words[0] == "route" && words.size() == 5) {
            routes.push_back({shortened_prefix(words[1]), words[2] == "-" ? "" : shortened(words[2]), std::string(words[3]), static_cast<u32>(to_number(words[4]).value_or(0))});
        }
    });
}

void GuestNetwork::take_counters(std::string_view text) {
    for_each_line(text, [&](std::string_view line) {
        auto name = words_of(cut(line, ':'));
        auto words = words_of(line);
        if (name.size() != 1 || words.size() != 16) return;
        auto found = std::ranges::find(interfaces, name[0], &GuestInterface::name);
        if (found == interfaces.end()) return;
        auto at = [&](std::size_t index) { return to_number(words[index]).value_or(0); };
        found->received = {at(0), at(1), at(2), at(3)};
        found->sent = {at(8), at(9), at(10), at(11)};
    });
}

void GuestNetwork::take_resolver(std::string_view text) {
    for_each_line(text, [&](std::string_view line) {
        auto words = words_of(line);
        if (words.size() == 2 && words[0] == "nameserver") resolvers.push_back(shortened(words[1]));
    });
}

void GuestNetwork::take_drops(std::string_view text) {
    std::vector<std::string_view> names;
    for_each_line(text, [&](std::string_view line) {
        auto words = words_of(line);
        if (words.empty() || words[0] != "TcpExt:") return;
        if (names.empty()) {
            names = words;
            return;
        }
        constexpr std::string_view mark = "Drop_";
        for (std::size_t i = 1; i < std::min(words.size(), names.size()); ++i)
            if (auto packets = to_number(words[i]); names[i].starts_with(mark) && packets && *packets)
                drops.push_back({std::string(names[i].substr(mark.size())), *packets});
    });
}

void GuestNetwork::take_sockets(std::string_view file, std::string_view text) {
    auto protocol = file.ends_with('6') ? file.substr(0, file.size() - 1) : file;
    for_each_line(text, [&](std::string_view line) {
        auto words = words_of(line);
        if (words.size() < 10) return;
        auto local = endpoint(words[1]), remote = endpoint(words[2]);
        auto state = to_number(words[3], 16);
        if (!local || !remote || !state) return;  // the heading
        auto queues = words[4];
        auto sending = to_number(cut(queues, ':'), 16), receiving = to_number(queues, 16);
        sockets.push_back({std::string(protocol), std::string(state_name(*state)), *local, *remote, sending.value_or(0), receiving.value_or(0),
                           to_number(words[9]).value_or(0)});
    });
}

}  // namespace spore::host
