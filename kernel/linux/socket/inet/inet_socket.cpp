#include "kernel/linux/socket/inet/inet_socket.hpp"

#include "kernel/linux/limits.hpp"
#include "kernel/linux/process/process.hpp"
#include "kernel/linux/socket/inet/interface_ioctl.hpp"
#include "kernel/linux/uapi/inet.hpp"

namespace spore::linux {

Result<net::Endpoint> InetSocket::local_endpoint(const SocketAddress& address) const {
    auto parsed = inet::to_endpoint(address, family());
    // Programs of old bind 0.0.0.0 with the family left at 0 [linux: inet_bind].
    if (!parsed && family() == family_inet && address.family() == family_unspecified && address.size >= sizeof(InetAddress)) {
        InetAddress in;
        std::memcpy(&in, address.bytes, sizeof in);
        if (in.address == 0) parsed = net::Endpoint{net::IpAddress::any_v4(), in.port};
    }
    auto endpoint = TRY(parsed);
    if (is_v6() && has(v6_only) && endpoint.address.is_v4()) return fail(Error::invalid);
    if (endpoint.port != 0 && endpoint.port < system_limits.first_free_port.load(std::memory_order_relaxed) && !current_task().process().credentials().may(Capability::bind_service))
        return fail(Error::access_denied);
    return endpoint;
}

Result<net::Endpoint> InetSocket::remote_endpoint(const SocketAddress& address, u16 family) const {
    auto endpoint = TRY(inet::to_endpoint(address, family));
    if (is_v6() && has(v6_only) && endpoint.address.is_v4()) return fail(Error::network_unreachable);
    // "This host" [RFC 1122 3.2.1.3] is the machine itself.
    if (endpoint.address.is_unspecified()) {
        std::array<u8, 16> loopback{};
        loopback[15] = 1;
        endpoint.address = endpoint.address.is_v4() ? net::IpAddress::v4(0x7f00'0001) : net::IpAddress::v6(loopback);
    }
    if (endpoint.scope == 0 && endpoint.address.is_link_local()) endpoint.scope = options().interface;
    return endpoint;
}

/// [linux net/core/sock_reuseport.c]
Result<void> InetSocket::set_chooser(Shared<const net::Filter> chooser) {
    auto group = port_group();
    if (!group) {
        if (bound() || !is_on(so_reuse_port)) return fail(Error::invalid);
        auto made = TRY(make_shared<net::PortGroup>());
        Guard guard(group_lock_);
        if (!group_) std::swap(group_, made);
        group = group_;
    }
    if (!chooser && !group->chooser()) return fail(Error::not_found);
    group->set_chooser(std::move(chooser));
    return {};
}

net::BindOptions InetSocket::bind_options() const {
    Shared<net::PortGroup> group;
    {
        Guard guard(group_lock_);
        group = group_;
    }
    return {.reuse_address = is_on(so_reuse_address), .reuse_port = is_on(so_reuse_port), .only_v6 = has(v6_only),
            .free_bind = has(free_bind) || has(transparent), .interface = options().interface,
            .user = current_task().process().credentials().effective_uid, .group = std::move(group)};
}

Result<u64> InetSocket::ioctl(u32 request, u64 argument) { return interface_ioctl(request, argument, family()); }

}  // namespace spore::linux
