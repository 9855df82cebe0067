#include "host/instances/readiness.hpp"

#include <algorithm>
#include <thread>

#include "host/instances/control.hpp"
#include "host/network/guest_network.hpp"

namespace spore::host {

namespace {

bool listens(const Instance& instance, u16 port) {
    GuestNetwork network;
    for (const char* file : {"tcp", "tcp6"})
        if (auto text = ask_guest(instance, fmt::format("net/{}", file))) network.take_sockets(file, *text);
    auto end = fmt::format(":{}", port);
    return std::ranges::any_of(network.sockets, [&](const GuestSocket& socket) { return socket.state == "LISTEN" && socket.local.ends_with(end); });
}

}  // namespace

Outcome<void> wait_until_it_listens(const Instance& instance, u16 port, std::chrono::seconds patience) {
    using Clock = std::chrono::steady_clock;
    const auto& name = instance.name();
    for (auto deadline = Clock::now() + patience; Clock::now() < deadline; std::this_thread::sleep_for(std::chrono::milliseconds(50))) {
        if (listens(instance, port)) return {};
        if (instance.life() != Life::running)
            return failure(ExitStatus::failed, "the machine {} has ended before it listened at port {}: 'spore logs {}' tells why", name, port, name);
    }
    return failure(ExitStatus::failed, "the machine {} does not listen at port {} after {} seconds: 'spore logs {}' and 'spore net {}' tell what it does", name, port, patience.count(), name, name);
}

}  // namespace spore::host
