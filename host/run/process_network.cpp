#include "host/run/process_network.hpp"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>

#include "host/common/pipe.hpp"
#include "host/common/text.hpp"
#include "host/run/network.hpp"

namespace spore::host {

namespace {

/// The kernel gives and takes headers of virtio's kind, and wants all work on checksums and segments done or left to it.
Outcome<void> set_offloads(int tap) {
    int header_size = 12;
    unsigned offloads = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;
    bool set = ::ioctl(tap, TUNSETVNETHDRSZ, &header_size) == 0 && ::ioctl(tap, TUNSETOFFLOAD, offloads) == 0;
    int flags = ::fcntl(tap, F_GETFL);
    if (!set || flags < 0 || ::fcntl(tap, F_SETFL, flags | O_NONBLOCK) != 0) return failure(ExitStatus::failed, "cannot set the TAP interface up: {}", error_text());
    return {};
}

/// Asks by ARP for the gateway [RFC 826], so that the guest's first packets find somebody: they would come twice else, sent again meanwhile, and passt
/// does not get over a connection that is opened twice.
Outcome<void> wait_for_passt(int socket, const MacAddress& mac) {
    constexpr std::array<u8, 4> guest{10, 0, 2, 15}, gateway{10, 0, 2, 2};
    std::vector<u8> request{0, 0, 0, 42};  // the length of what follows
    auto add = [&](auto&& bytes) { request.insert(request.end(), std::begin(bytes), std::end(bytes)); };
    add(std::array<u8, 6>{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}), add(mac), add(std::array<u8, 10>{8, 6, 0, 1, 8, 0, 6, 4, 0, 1});
    add(mac), add(guest), add(std::array<u8, 6>{}), add(gateway);
    if (::send(socket, request.data(), request.size(), MSG_NOSIGNAL) < 0) return failure(ExitStatus::failed, "passt ended at once");
    constexpr int limit_ms = 10'000;
    struct pollfd answer{socket, POLLIN, 0};
    std::array<u8, 46> reply{};
    if (::poll(&answer, 1, limit_ms) != 1 || ::recv(socket, reply.data(), reply.size(), MSG_WAITALL) != static_cast<ssize_t>(reply.size()))
        return failure(ExitStatus::failed, "passt does not answer: run it by hand for what it says: {}", shell_line(passt_command({})));
    return {};
}

Outcome<ProcessNetwork> start_passt(const Network& network) {
    auto [ours, theirs] = TRY(make_socket_pair());
    FileDescriptor nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
    auto passt = start(passt_command(network), {{nothing.number(), 0}, {nothing.number(), 1}, {nothing.number(), 2}, {theirs.number(), 3}});
    if (!passt) return failure(ExitStatus::missing_tool, "passt is missing, which is the user network of --on linuxu: install it with 'apt install passt'");
    theirs.close();
    TRY(wait_for_passt(ours.number(), network.mac));
    return ProcessNetwork{std::move(ours), std::move(*passt)};
}

}  // namespace

std::vector<std::string> passt_command(const Network& network) {
    std::vector<std::string> command{"passt", "--foreground", "--quiet", "--fd", "3"};
    auto add = [&](std::string option, std::string value) { command.push_back(std::move(option)), command.push_back(std::move(value)); };
    // The addresses that the guest is given otherwise, so that nothing has to be asked for.
    for (const auto& address : network.addresses) {
        add("--address", address.address.text());
        if (address.address.is_v4()) add("--netmask", fmt::format("{}", address.length));
    }
    for (const auto& gateway : {network.gateway_v4, network.gateway_v6})
        if (gateway) add("--gateway", gateway->text());
    for (const auto& server : network.name_servers) add("--dns-forward", server.text());
    for (const auto& port : network.ports)
        add(port.udp ? "--udp-ports" : "--tcp-ports",
            fmt::format("{}{}{}:{}", port.host_address, port.host_address.empty() ? "" : "/", port.host_port, port.guest_port));
    return command;
}

Outcome<ProcessNetwork> open_process_network(const Network& network) {
    switch (network.choice.kind) {
        case NetworkKind::none:
        case NetworkKind::given:
        case NetworkKind::lan: return ProcessNetwork{};  // its wire is there already
        case NetworkKind::user: return start_passt(network);
        case NetworkKind::tap: {
            auto tap = TRY(open_tap(network.choice.name));
            TRY(set_offloads(tap.number()));
            return ProcessNetwork{std::move(tap), {}};
        }
        case NetworkKind::bridge: {
            auto tap = TRY(open_bridge(network));
            TRY(set_offloads(tap.number()));
            return ProcessNetwork{std::move(tap), {}};
        }
    }
    return ProcessNetwork{};
}

}  // namespace spore::host
