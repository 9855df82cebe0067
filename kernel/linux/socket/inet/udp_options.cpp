// The options of UDP sockets, multicast among them [udp(7), ip(7), ipv6(7)].
#include "kernel/linux/socket/inet/udp_socket.hpp"
#include "kernel/linux/uapi/inet.hpp"
#include "kernel/net/interface.hpp"

namespace spore::linux {

namespace udp = net::udp;

namespace {

/// The interface that has this IPv4 address; 0 for none or 0.0.0.0.
u32 interface_of(u32 address) {
    auto* found = address ? net::interface_with(net::IpAddress::v4(address)) : nullptr;
    return found ? found->index() : 0;
}

struct Membership {
    net::IpAddress group;
    u32 interface;
};

/// struct ip_mreqn, or the older ip_mreq, which names the interface by an address.
Result<Membership> read_v4_membership(ByteSpan value) {
    struct Request {
        be32 group, address;
    } request;
    if (value.size() < sizeof request) return fail(Error::invalid);
    std::memcpy(&request, value.data(), sizeof request);
    u32 index = 0;
    if (value.size() >= sizeof request + sizeof index) std::memcpy(&index, value.data() + sizeof request, sizeof index);
    return Membership{net::IpAddress::v4(request.group), index ? index : interface_of(request.address)};
}
/// struct ipv6_mreq
Result<Membership> read_v6_membership(ByteSpan value) {
    std::array<u8, 16> group;
    u32 index;
    if (value.size() < sizeof group + sizeof index) return fail(Error::invalid);
    std::memcpy(group.data(), value.data(), sizeof group);
    std::memcpy(&index, value.data() + sizeof group, sizeof index);
    return Membership{net::IpAddress::v6(group), index};
}
/// struct group_req: the interface, then a sockaddr_storage at 8.
Result<Membership> read_group_request(ByteSpan value) {
    constexpr std::size_t address_at = 8;
    u32 index;
    if (value.size() < address_at + sizeof(Inet6Address)) return fail(Error::invalid);
    std::memcpy(&index, value.data(), sizeof index);
    SocketAddress address;
    address.size = static_cast<u32>(std::min<std::size_t>(value.size() - address_at, SocketAddress::limit));
    std::memcpy(address.bytes, value.data() + address_at, address.size);
    auto group = TRY(inet::to_endpoint(address, address.family() == family_inet ? family_inet : family_inet6));
    return Membership{group.address, index};
}

}  // namespace

InetSocket::HeaderFields UdpSocket::header_fields() {
    auto all = endpoint_->options();
    return {all.hop_limit, all.traffic_class};
}
Result<void> UdpSocket::set_header_fields(const HeaderFields& fields) {
    return change([&](udp::Options& all) { all.hop_limit = fields.hop_limit, all.traffic_class = fields.traffic_class; });
}
void UdpSocket::ip_switch_set(IpSwitch which) {
    if (which == receive_errors || which == v6_receive_errors)
        (void)change([&](udp::Options& all) { all.receive_errors = has(receive_errors) || has(v6_receive_errors); });
}

Result<u32> UdpSocket::path_mtu() {
    auto peer = TRY(endpoint_->remote());
    auto* way = net::interface_with(endpoint_->local().address);
    return peer.address.is_loopback() || !way ? 65'536 : way->mtu();
}

Result<void> UdpSocket::option_set(i32 name) {
    auto all = options();
    switch (name) {
    case so_broadcast: return change([&](udp::Options& o) { o.broadcast = is_on(so_broadcast); });
    case so_no_check: return change([&](udp::Options& o) { o.no_checksum = is_on(so_no_check); });
    case so_send_buffer:
    case so_send_buffer_force: return change([&](udp::Options& o) { o.send_buffer = all.send_buffer; });
    case so_receive_buffer:
    case so_receive_buffer_force: return change([&](udp::Options& o) { o.receive_buffer = all.receive_buffer; });
    default: return {};
    }
}

Result<u64> UdpSocket::get_transport_option(i32 level, i32 name, MutableByteSpan value) {
    auto all = endpoint_->options();
    if (level == level_udp) {
        switch (name) {
        case udp_cork:
        case udp_encapsulation: return give_option(value, 0);
        case udp_no_check6_send: return give_option(value, all.no_checksum);
        case udp_no_check6_receive: return give_option(value, 0);
        case udp_segment: return give_option(value, all.segment_size);
        case udp_gro: return give_option(value, all.merge_received);
        default: return fail(Error::no_protocol_option);
        }
    }
    if (level == level_ip) {
        switch (name) {
        case ip_mtu_discover: return give_option(value, all.dont_fragment ? 2 : 1);
        case ip_multicast_ttl: return give_option(value, all.multicast_hop_limit);
        case ip_multicast_loop: return give_option(value, all.multicast_loop);
        case ip_multicast_interface:
        case ip_unicast_interface: return give_option(value, static_cast<i32>(all.multicast_interface));
        default: return fail(Error::no_protocol_option);
        }
    }
    if (level == level_ipv6) {
        switch (name) {
        case ipv6_mtu_discover: return give_option(value, all.dont_fragment ? 2 : 1);
        case ipv6_dont_fragment: return give_option(value, all.dont_fragment);
        case ipv6_multicast_hops: return give_option(value, all.multicast_hop_limit);
        case ipv6_multicast_loop: return give_option(value, all.multicast_loop);
        case ipv6_multicast_interface: return give_option(value, static_cast<i32>(all.multicast_interface));
        default: return fail(Error::no_protocol_option);
        }
    }
    return fail(Error::no_protocol_option);
}

Result<void> UdpSocket::set_membership(i32 level, i32 name, ByteSpan value) {
    bool general = name == mcast_join || name == mcast_leave;
    auto wanted = TRY(general ? read_group_request(value) : level == level_ip ? read_v4_membership(value) : read_v6_membership(value));
    if (!wanted.group.is_multicast()) return fail(Error::invalid);
    bool join = name == mcast_join || (level == level_ip ? name == ip_join : name == ipv6_join);
    return join ? endpoint_->join(wanted.group, wanted.interface) : endpoint_->leave(wanted.group, wanted.interface);
}

/// An index; for IPv4 also an address, or an address and an index.
Result<void> UdpSocket::set_multicast_interface(i32 level, ByteSpan value) {
    u32 index = 0;
    if (level == level_ip && value.size() >= 8) {
        index = TRY(read_v4_membership(value)).interface;
    } else if (level == level_ip) {
        be32 address;
        if (value.size() < sizeof address) return fail(Error::invalid);
        std::memcpy(&address, value.data(), sizeof address);
        index = interface_of(address);
        if (u32{address} && !index) return fail(Error::address_not_available);
    } else {
        index = static_cast<u32>(TRY(option_number(value)));
        if (index && !net::interface(index)) return fail(Error::no_device);
    }
    return change([&](udp::Options& all) { all.multicast_interface = index; });
}

Result<void> UdpSocket::set_transport_option(i32 level, i32 name, ByteSpan value) {
    if (level == level_udp) {
        i32 number = TRY(option_number(value));
        switch (name) {
        case udp_cork: return number ? fail(Error::not_supported) : Result<void>{};
        case udp_no_check6_send: return change([&](udp::Options& all) { all.no_checksum = number != 0; });
        case udp_no_check6_receive: return {};
        case udp_segment:
            if (number < 0 || number > 65535) return fail(Error::invalid);
            return change([&](udp::Options& all) { all.segment_size = static_cast<u16>(number); });
        case udp_gro: return change([&](udp::Options& all) { all.merge_received = number != 0; });
        default: return fail(Error::no_protocol_option);
        }
    }
    bool v4 = level == level_ip;
    if (!v4 && level != level_ipv6) return fail(Error::no_protocol_option);
    if (v4 ? name == ip_join || name == ip_leave : name == ipv6_join || name == ipv6_leave) return set_membership(level, name, value);
    if (name == mcast_join || name == mcast_leave) return set_membership(level, name, value);
    if (v4 ? name == ip_multicast_interface || name == ip_unicast_interface : name == ipv6_multicast_interface) return set_multicast_interface(level, value);
    i32 number = TRY(option_number(value));
    if (v4 ? name == ip_mtu_discover : name == ipv6_mtu_discover) {
        constexpr i32 always = 2, probe = 3;  // IP_PMTUDISC_DO, IP_PMTUDISC_PROBE
        if (number < 0 || number > 5) return fail(Error::invalid);
        return change([&](udp::Options& all) { all.dont_fragment = number == always || number == probe; });
    }
    if (!v4 && name == ipv6_dont_fragment) return change([&](udp::Options& all) { all.dont_fragment = number != 0; });
    if (v4 ? name == ip_multicast_ttl : name == ipv6_multicast_hops) {
        if (number < -1 || number > 255) return fail(Error::invalid);
        return change([&](udp::Options& all) { all.multicast_hop_limit = number == -1 ? 1 : static_cast<u8>(number); });
    }
    if (v4 ? name == ip_multicast_loop : name == ipv6_multicast_loop) return change([&](udp::Options& all) { all.multicast_loop = number != 0; });
    return fail(Error::no_protocol_option);
}

}  // namespace spore::linux
