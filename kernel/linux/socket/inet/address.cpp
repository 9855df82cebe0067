#include "kernel/linux/socket/inet/address.hpp"

#include "kernel/linux/uapi/inet.hpp"

namespace spore::linux::inet {

using net::Endpoint;
using net::IpAddress;

IpAddress unspecified(u16 family) { return family == family_inet ? IpAddress::any_v4() : IpAddress(); }

Result<Endpoint> to_endpoint(const SocketAddress& address, u16 family) {
    if (address.size < sizeof(u16)) return fail(Error::invalid);
    if (family == family_inet) {
        InetAddress in;
        if (address.size < sizeof in) return fail(Error::invalid);
        std::memcpy(&in, address.bytes, sizeof in);
        if (in.family != family_inet) return fail(Error::family_not_supported);
        return Endpoint{IpAddress::v4(in.address), in.port};
    }
    Inet6Address in{};
    if (address.size < least_inet6_address) return fail(address.family() == family_inet6 ? Error::invalid : Error::family_not_supported);
    std::memcpy(&in, address.bytes, std::min<u32>(sizeof in, address.size));
    if (in.family != family_inet6) return fail(Error::family_not_supported);
    std::array<u8, 16> bytes;
    std::memcpy(bytes.data(), in.address, sizeof in.address);
    auto ip = IpAddress::v6(bytes);
    return Endpoint{ip, in.port, ip.is_link_local() || ip.is_multicast() ? in.scope : 0};
}

SocketAddress to_socket_address(const Endpoint& endpoint, u16 family) {
    SocketAddress address;
    if (family == family_inet) {
        InetAddress in{.family = family_inet, .port = {}, .address = {}, .zero = {}};
        in.port = endpoint.port;
        in.address = endpoint.address.is_v4() ? endpoint.address.v4_value() : 0;
        std::memcpy(address.bytes, &in, sizeof in);
        address.size = sizeof in;
        return address;
    }
    Inet6Address in{.family = family_inet6, .port = {}, .flow = {}, .address = {}, .scope = endpoint.scope};
    in.port = endpoint.port;
    std::memcpy(in.address, endpoint.address.bytes().data(), sizeof in.address);
    std::memcpy(address.bytes, &in, sizeof in);
    address.size = sizeof in;
    return address;
}

}  // namespace spore::linux::inet
