#include "kernel/net/dhcp6/dhcp6.hpp"

#include <algorithm>

#include "base/locked.hpp"
#include "kernel/net/chores.hpp"
#include "kernel/net/dhcp6/client.hpp"
#include "kernel/net/udp/own_port.hpp"
#include "kernel/time/timer.hpp"

namespace spore::net::dhcp6 {

namespace {

constinit Locked<Client, sync::Spin> clients[Interfaces::limit + 1] = {};  // by the interface's index

/// Does something under the client's lock, and afterwards what that left to do.
template <typename F>
auto with_client(Interface& interface, F&& f) {
    Client::Work work;
    Instant deadline;
    auto result = clients[interface.index()].with([&](Client& client) {
        auto value = f(client);
        work = client.take_work();
        deadline = client.deadline();
        return value;
    });
    Client::run(interface, work);
    wake_chores_at(deadline);
    return result;
}

void input(ByteSpan bytes, const Arrival& arrival) {
    auto message = wire::dhcp6::Message::parse(bytes);
    if (!message) return count_drop(Drop::malformed);
    with_client(arrival.interface, [&](Client& client) { return client.receive(arrival.interface, *message, time::now()), true; });
}

}  // namespace

void start() { udp::listen_at(udp::PortVersion::v6, wire::dhcp6::client_port, input); }

void advertised(Interface& interface, bool managed, bool other) {
    if (!managed && !other) return;
    with_client(interface, [&](Client& client) { return client.advertised(managed, other, time::now()), true; });
}

bool conflict(Interface& interface, const IpAddress& address) {
    return with_client(interface, [&](Client& client) { return client.conflict(interface, address, time::now()); });
}

void link_up(Interface& interface) {
    with_client(interface, [](Client& client) { return client.link_up(time::now()), true; });
}

Instant expire(Instant now) {
    auto next = Instant::never();
    for (u32 index = 2; auto* one = interface(index); ++index)
        next = std::min(next, with_client(*one, [&](Client& client) { return client.expire(*one, now), client.deadline(); }));
    return next;
}

void forget() {
    for (auto& client : clients) client.with([](Client& c) { c = {}; });
}

}  // namespace spore::net::dhcp6
