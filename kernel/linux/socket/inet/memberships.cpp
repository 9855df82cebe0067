// Groups of datagram sockets: joined and left, from everybody or from one source, in the three forms that there are [ip(7), ipv6(7), RFC 3678].
#include "kernel/linux/socket/inet/memberships.hpp"

#include "kernel/linux/socket/inet/datagram_socket.hpp"
#include "kernel/linux/uapi/inet.hpp"
#include "kernel/net/interface.hpp"

namespace spore::linux {

namespace {

/// The interface that has this IPv4 address; 0 for none or 0.0.0.0.
u32 interface_of(u32 address) {
    auto* found = address ? net::interface_with(net::IpAddress::v4(address)) : nullptr;
    return found ? found->index() : 0;
}

struct Membership {
    net::IpAddress group;
    u32 interface;
    net::IpAddress source{};
};

/// struct ip_mreqn, or the older ip_mreq, which names the interface by an address.
Result<Membership> read_v4(ByteSpan value) {
    struct Request {
        be32 group, address;
    };
    auto request = TRY(value_as<Request>(value));
    u32 index = 0;
    if (value.size() >= sizeof request + sizeof index) std::memcpy(&index, value.data() + sizeof request, sizeof index);
    return Membership{net::IpAddress::v4(request.group), index ? index : interface_of(request.address)};
}
/// struct ip_mreq_source
Result<Membership> read_v4_source(ByteSpan value) {
    struct Request {
        be32 group, address, source;
    };
    auto request = TRY(value_as<Request>(value));
    return Membership{net::IpAddress::v4(request.group), interface_of(request.address), net::IpAddress::v4(request.source)};
}
/// struct ipv6_mreq
Result<Membership> read_v6(ByteSpan value) {
    struct Request {
        std::array<u8, 16> group;
        u32 interface;
    };
    auto request = TRY(value_as<Request>(value));
    return Membership{net::IpAddress::v6(request.group), request.interface};
}
Result<net::IpAddress> read_storage(ByteSpan value, std::size_t at) {
    if (value.size() < at + sizeof(Inet6Address)) return fail(Error::invalid);
    SocketAddress address;
    address.size = static_cast<u32>(std::min<std::size_t>(value.size() - at, SocketAddress::limit));
    std::memcpy(address.bytes, value.data() + at, address.size);
    return TRY(inet::to_endpoint(address, address.family() == family_inet ? family_inet : family_inet6)).address;
}
/// struct group_req: the interface, then a sockaddr_storage at 8; group_source_req has a second one for the source.
Result<Membership> read_general(ByteSpan value, bool with_source) {
    constexpr std::size_t group_at = 8, source_at = group_at + SocketAddress::limit;
    u32 index;
    if (value.size() < group_at) return fail(Error::invalid);
    std::memcpy(&index, value.data(), sizeof index);
    auto group = TRY(read_storage(value, group_at));
    return Membership{group, index, with_source ? TRY(read_storage(value, source_at)) : net::IpAddress()};
}

bool with_source(i32 level, i32 name) {
    return name == mcast_join_source || name == mcast_leave_source || (level == level_ip && (name == ip_join_source || name == ip_leave_source));
}

}  // namespace

bool is_membership(i32 level, i32 name) {
    if (name == mcast_join || name == mcast_leave || with_source(level, name)) return true;
    return level == level_ip ? name == ip_join || name == ip_leave : name == ipv6_join || name == ipv6_leave;
}

Result<void> DatagramSocket::set_membership(i32 level, i32 name, ByteSpan value) {
    bool general = name == mcast_join || name == mcast_leave || name == mcast_join_source || name == mcast_leave_source;
    bool source = with_source(level, name);
    auto wanted = TRY(general ? read_general(value, source) : level == level_ipv6 ? read_v6(value) : source ? read_v4_source(value) : read_v4(value));
    if (!wanted.group.is_multicast()) return fail(Error::invalid);
    bool join = name == mcast_join || name == mcast_join_source || (level == level_ip ? name == ip_join || name == ip_join_source : name == ipv6_join);
    return join ? endpoint_->join(wanted.group, wanted.interface, wanted.source) : endpoint_->leave(wanted.group, wanted.interface, wanted.source);
}

/// An index; for IPv4 also an address, or an address and an index.
Result<void> DatagramSocket::set_multicast_interface(i32 level, ByteSpan value) {
    u32 index = 0;
    if (level == level_ip && value.size() >= 8) {
        index = TRY(read_v4(value)).interface;
    } else if (level == level_ip) {
        auto address = TRY(value_as<be32>(value));
        index = interface_of(address);
        if (u32{address} && !index) return fail(Error::address_not_available);
    } else {
        index = static_cast<u32>(TRY(option_number(value)));
        if (index && !net::interface(index)) return fail(Error::no_device);
    }
    return change([&](net::datagram::Options& all) { all.multicast_interface = index; });
}

}  // namespace spore::linux
