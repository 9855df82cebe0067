// Between programs' sockaddr_in and sockaddr_in6 and the stack's endpoints. A socket of AF_INET6 sees IPv4 addresses in their mapped form, which
// is the stack's own.
#pragma once

#include "kernel/linux/socket/socket.hpp"
#include "kernel/net/address.hpp"

namespace spore::linux::inet {

/// invalid when it is too short, family_not_supported when it is of another family than the socket's.
Result<net::Endpoint> to_endpoint(const SocketAddress& address, u16 family);
SocketAddress to_socket_address(const net::Endpoint& endpoint, u16 family);
/// 0.0.0.0 or ::
net::IpAddress unspecified(u16 family);

}  // namespace spore::linux::inet
