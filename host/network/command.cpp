#include "host/network/command.hpp"

#include <unistd.h>

#include "host/common/files.hpp"
#include "host/instances/control.hpp"
#include "host/network/guest_network.hpp"
#include "host/network/report.hpp"

namespace spore::host {

Outcome<int> show_network(const std::string& name, NetworkFormat format) {
    auto instance = TRY(Instance::open_running(name));
    GuestNetwork network;
    network.take_layout(TRY(ask_guest(instance, "spore/network")));
    network.take_counters(TRY(ask_guest(instance, "net/dev")));
    network.take_resolver(TRY(ask_guest(instance, "net/pnp")));
    network.take_drops(TRY(ask_guest(instance, "net/netstat")));
    for (auto protocol : {"tcp", "tcp6", "udp", "udp6", "raw", "raw6", "icmp", "icmp6"})
        network.take_sockets(protocol, TRY(ask_guest(instance, fmt::format("net/{}", protocol))));
    auto text = format == NetworkFormat::json ? as_json(network) : as_text(network, format == NetworkFormat::all ? Sockets::all : Sockets::listening);
    write_all(STDOUT_FILENO, std::as_bytes(std::span(text)));
    return 0;
}

}  // namespace spore::host
