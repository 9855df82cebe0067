#include "host/run/network.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "host/common/descriptor_passing.hpp"
#include "host/common/pipe.hpp"
#include "host/common/process.hpp"

namespace spore::host {

namespace {

/// The same bind that QEMU will make.
Outcome<void> check_port(const PortForward& port) {
    FileDescriptor probe(::socket(AF_INET, (port.udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0));
    if (!probe) return {};
    int on = 1;
    if (!port.udp) (void)::setsockopt(probe.number(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    struct sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port.host_port);
    if (!port.host_address.empty()) ::inet_pton(AF_INET, port.host_address.c_str(), &address.sin_addr);
    bool bound = ::bind(probe.number(), reinterpret_cast<struct sockaddr*>(&address), sizeof address) == 0 &&
                 (port.udp || ::listen(probe.number(), 1) == 0);
    if (bound) return {};
    switch (errno) {
        case EADDRINUSE:
            return failure(ExitStatus::failed, "-p {}: port {} of this machine is in use: choose another, such as -p {}:{}", text_of(port), port.host_port,
                           port.host_port < 55'000 ? port.host_port + 10'000 : port.host_port - 10'000, port.guest_port);
        case EACCES:
            return failure(ExitStatus::failed, "-p {}: port {} of this machine is for root: choose one from 1024 on", text_of(port), port.host_port);
        case EADDRNOTAVAIL: return failure(ExitStatus::failed, "-p {}: {} is no address of this machine", text_of(port), port.host_address);
        default: return failure(ExitStatus::failed, "-p {}: {}", text_of(port), error_text());
    }
}

/// QEMU makes it, or replaces what is there.
Outcome<void> check_capture(const fs::path& file) {
    FileDescriptor probe(::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
    if (!probe) return failure(ExitStatus::failed, "--pcap {}: {}", file.string(), error_text());
    return {};
}

std::string forward_text(const PortForward& port) {
    return fmt::format("{}:{}:{}-:{}", port.udp ? "udp" : "tcp", port.host_address, port.host_port, port.guest_port);
}

std::string user_options(const Network& network) {
    std::string text = "user,id=net";
    for (const auto& port : network.ports) text += ",hostfwd=" + forward_text(port);
    return text;
}

std::string device_name(Nic nic, bool pci) {
    if (nic == Nic::virtio) return pci ? "virtio-net-pci,disable-legacy=on" : "virtio-net-device";
    return std::string(name_of(nic));
}

}  // namespace

Outcome<FileDescriptor> open_tap(const std::string& name) {
    FileDescriptor tun(::open("/dev/net/tun", O_RDWR | O_CLOEXEC));
    if (!tun)
        return failure(ExitStatus::failed, "--network tap={}: cannot open /dev/net/tun: {}", name,
                       errno == ENOENT ? std::string("load the module with 'modprobe tun'") : fmt::format("{}; may this user use it?", error_text()));
    if (::if_nametoindex(name.c_str()) == 0)
        return failure(ExitStatus::failed, "--network tap={}: there is no such interface: make it with 'ip tuntap add {} mode tap user $USER && ip link set {} up'",
                       name, name, name);
    struct ifreq request{};
    name.copy(request.ifr_name, IFNAMSIZ - 1);
    request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
    if (::ioctl(tun.number(), TUNSETIFF, &request) == 0) return tun;
    switch (errno) {
        case EPERM: return failure(ExitStatus::failed, "--network tap={}: it belongs to somebody else: make it with 'ip tuntap add {} mode tap user $USER'", name, name);
        case EBUSY: return failure(ExitStatus::failed, "--network tap={}: another machine uses it: make one for each", name);
        case EINVAL: return failure(ExitStatus::failed, "--network tap={}: it is no TAP interface: make one with 'ip tuntap add NAME mode tap'", name);
        default: return failure(ExitStatus::failed, "--network tap={}: {}", name, error_text());
    }
}

Outcome<void> check_network(const Network& network) {
    for (const auto& port : network.ports) TRY(check_port(port));
    if (!network.capture.empty()) TRY(check_capture(network.capture));
    if (network.choice.kind == NetworkKind::tap) TRY(open_tap(network.choice.name));
    if (network.choice.kind == NetworkKind::bridge && ::if_nametoindex(network.choice.name.c_str()) == 0)
        return failure(ExitStatus::failed, "--network bridge={}: there is no such bridge: make it with 'ip link add {} type bridge'", network.choice.name,
                       network.choice.name);
    return {};
}

std::vector<std::string> network_options(const Network& network, bool pci, int descriptor) {
    std::string net;
    // A capture holds frames as they are on a wire: with headers for offloads in front of them nothing could read it.
    bool offloads = network.capture.empty();
    switch (network.choice.kind) {
        case NetworkKind::none:
        case NetworkKind::given: return {};
        case NetworkKind::user: net = user_options(network); break;
        case NetworkKind::tap: net = fmt::format("tap,id=net,ifname={},script=no,downscript=no,vhost=off{}", network.choice.name, offloads ? "" : ",vnet_hdr=off"); break;
        case NetworkKind::lan: net = fmt::format("socket,id=net,fd={}", descriptor); break;
        case NetworkKind::bridge: net = fmt::format("tap,id=net,fd={},vhost=off", descriptor); break;
    }
    // No boot ROM: nothing boots from the network here.
    std::vector<std::string> options{"-netdev", net, "-device",
                                     fmt::format("{},netdev=net,mac={}{}", device_name(network.nic, pci), text_of(network.mac), pci ? ",romfile=" : "")};
    if (!network.capture.empty()) {
        std::string file;
        for (char c : network.capture.string()) file += c == ',' ? ",," : std::string(1, c);
        options.insert(options.end(), {"-object", "filter-dump,id=capture,netdev=net,file=" + file});
    }
    return options;
}

Outcome<void> forward_ports(const Network& network, Monitor& monitor) {
    for (const auto& port : network.ports) {
        // Of QEMU's two languages only the one for people has it; it says something when it fails.
        auto said = TRY(monitor.execute("human-monitor-command", {{"command-line", "hostfwd_add net " + forward_text(port)}}));
        if (said.is_string() && said != "") return failure(ExitStatus::failed, "-p {}: QEMU says: {}", text_of(port), said.get<std::string>());
    }
    return {};
}

Outcome<FileDescriptor> open_bridge(const Network& network) {
    const auto& bridge = network.choice.name;
    constexpr const char* helper = "/usr/lib/qemu/qemu-bridge-helper";
    auto [ours, theirs] = TRY(make_socket_pair());
    std::vector<std::string> command{helper, "--fd=3", "--br=" + bridge};
    if (network.capture.empty()) command.insert(command.begin() + 1, "--use-vnet");  // see network_options()
    auto started = start(command, {{theirs.number(), 3}});
    if (!started)
        return failure(ExitStatus::missing_tool, "{} is missing: install it with 'apt install qemu-system-common'", helper);
    theirs.close();
    auto tap = receive_descriptor(ours.number());
    if (!tap || !*tap)
        return failure(ExitStatus::failed, "--network bridge={}: QEMU's helper refuses: add the line 'allow {}' to /etc/qemu/bridge.conf, and see that {} is setuid root",
                       bridge, bridge, helper);
    return std::move(*tap);
}

}  // namespace spore::host
