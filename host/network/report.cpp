#include "host/network/report.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "host/common/text.hpp"

namespace spore::host {

namespace {

std::string traffic_text(const GuestInterface::Traffic& traffic) {
    auto text = fmt::format("{} packets, {}", traffic.packets, size_text(traffic.bytes));
    if (traffic.errors) text += fmt::format(", {} damaged", traffic.errors);
    if (traffic.dropped) text += fmt::format(", {} dropped", traffic.dropped);
    return text;
}

/// Connections, rather than what waits for them: many, and each like the other.
bool is_connection(const GuestSocket& socket) { return socket.protocol == "tcp" && socket.state != "LISTEN"; }

nlohmann::json traffic_json(const GuestInterface::Traffic& traffic) {
    return {{"bytes", traffic.bytes}, {"packets", traffic.packets}, {"errors", traffic.errors}, {"dropped", traffic.dropped}};
}

}  // namespace

std::string as_text(const GuestNetwork& network, Sockets which) {
    std::string out;
    for (const auto& one : network.interfaces) {
        auto mac = one.mac == "00:00:00:00:00:00" ? "" : fmt::format("  {}", one.mac);
        out += fmt::format("{:<10}{}{}  mtu {}\n", one.name, one.state, mac, one.mtu);
        for (const auto& address : one.addresses)
            out += fmt::format("{:<10}{}{}\n", "", address.text, address.state == "preferred" ? "" : fmt::format("  ({})", address.state));
        out += fmt::format("{:<10}received {}\n{:<10}sent     {}\n", "", traffic_text(one.received), "", traffic_text(one.sent));
    }
    std::string_view title = "routes";
    for (const auto& route : network.routes) {
        out += fmt::format("{:<10}{:<30} {}{}\n", title, route.prefix.ends_with("/0") ? "default" : route.prefix, route.gateway.empty() ? "" : fmt::format("via {} ", route.gateway), route.interface);
        title = "";
    }
    if (!network.resolvers.empty()) out += fmt::format("{:<10}{}\n", "resolver", fmt::join(network.resolvers, " "));
    title = "sockets";
    auto row = [&](std::string_view protocol, std::string_view state, std::string_view local, std::string_view remote, const auto& unread, const auto& unsent) {
        out += fmt::format("{:<10}{:<6}{:<11} {:<30} {:<30} {:>8} {:>8}\n", title, protocol, state, local, remote, unread, unsent);
        title = "";
    };
    if (!network.sockets.empty()) row("proto", "state", "local", "remote", "unread", "unsent");
    std::map<std::string, u64> states;
    for (const auto& socket : network.sockets) {
        if (which == Sockets::listening && is_connection(socket)) {
            ++states[socket.state];
            continue;
        }
        row(socket.protocol, socket.state, socket.local, socket.remote, socket.receive_queue, socket.send_queue);
    }
    for (const auto& [state, count] : states) row("tcp", state, fmt::format("{} (-a lists them)", count), "", "", "");
    title = "dropped";
    for (const auto& drop : network.drops) {
        out += fmt::format("{:<10}{:<30} {}\n", title, drop.reason, drop.packets);
        title = "";
    }
    return out;
}

std::string as_json(const GuestNetwork& network) {
    auto list = [](const auto& items, auto convert) {
        auto array = nlohmann::json::array();
        for (const auto& item : items) array.push_back(convert(item));
        return array;
    };
    nlohmann::json json;
    json["interfaces"] = list(network.interfaces, [&](const GuestInterface& one) -> nlohmann::json {
        return {{"name", one.name}, {"mac", one.mac}, {"state", one.state}, {"mtu", one.mtu}, {"received", traffic_json(one.received)}, {"sent", traffic_json(one.sent)},
                {"addresses", list(one.addresses, [](const GuestInterface::Address& address) -> nlohmann::json { return {{"address", address.text}, {"state", address.state}}; })}};
    });
    json["routes"] = list(network.routes, [](const GuestRoute& route) {
        nlohmann::json item{{"prefix", route.prefix}, {"interface", route.interface}, {"metric", route.metric}};
        if (!route.gateway.empty()) item["gateway"] = route.gateway;
        return item;
    });
    json["resolvers"] = network.resolvers;
    json["sockets"] = list(network.sockets, [](const GuestSocket& socket) -> nlohmann::json {
        return {{"protocol", socket.protocol}, {"state", socket.state}, {"local", socket.local}, {"remote", socket.remote},
                {"send_queue", socket.send_queue}, {"receive_queue", socket.receive_queue}, {"inode", socket.inode}};
    });
    json["dropped"] = list(network.drops, [](const GuestDrop& drop) -> nlohmann::json { return {{"reason", drop.reason}, {"packets", drop.packets}}; });
    return json.dump(2) + "\n";
}

}  // namespace spore::host
