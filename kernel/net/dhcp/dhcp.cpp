#include "kernel/net/dhcp/dhcp.hpp"

#include <algorithm>

#include "kernel/net/chores.hpp"
#include "kernel/net/dhcp/client.hpp"
#include "kernel/net/udp/own_port.hpp"
#include "kernel/time/timer.hpp"

namespace spore::net::dhcp {

namespace {

using LockedClient = Locked<Client, sync::Spin>;
constinit std::atomic<LockedClient*> clients[Interfaces::limit + 1] = {};  // by the interface's index; for ever

LockedClient* client_of(const Interface& interface) { return clients[interface.index()].load(std::memory_order_acquire); }

/// Does something under the client's lock, and afterwards what that left to do.
template <typename F>
auto with_client(LockedClient& locked, F&& f) {
    Client::Work work;
    Instant deadline;
    Client* client;
    auto result = locked.with([&](Client& c) {
        auto value = f(c);
        work = c.take_work();
        deadline = c.deadline();
        client = &c;
        return value;
    });
    client->run(work);
    wake_chores_at(deadline);
    return result;
}

void input(ByteSpan bytes, const Arrival& arrival) {
    auto* locked = client_of(arrival.interface);
    if (!locked) return count_drop(Drop::no_port);
    auto message = wire::dhcp::Message::parse(bytes);
    if (!message) return count_drop(Drop::malformed);
    with_client(*locked, [&](Client& client) { return client.receive(*message), true; });
}

}  // namespace

Result<void> start(Interface& interface, std::string_view host_name) {
    udp::listen_at(udp::PortVersion::v4, wire::dhcp::client_port, input);
    auto made = TRY(make_owned<LockedClient>(std::in_place, interface, host_name));
    auto* client = made.release();
    clients[interface.index()].store(client, std::memory_order_release);
    with_client(*client, [](Client& c) { return c.expire(time::now()), true; });
    return {};
}

bool conflict(Interface& interface, const IpAddress& address) {
    auto* client = client_of(interface);
    return client && with_client(*client, [&](Client& c) { return c.conflict(address); });
}

void link_up(Interface& interface) {
    if (auto* client = client_of(interface)) with_client(*client, [](Client& c) { return c.link_up(), true; });
}

Instant expire(Instant now) {
    auto next = Instant::never();
    for (auto& one : clients) {
        auto* client = one.load(std::memory_order_acquire);
        if (!client) continue;
        next = std::min(next, with_client(*client, [&](Client& c) { return c.expire(now), c.deadline(); }));
    }
    return next;
}

void forget() {
    for (auto& one : clients) delete one.exchange(nullptr);
}

}  // namespace spore::net::dhcp
