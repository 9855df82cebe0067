// UDP [RFC 768, 8085].
#pragma once

#include "kernel/net/datagram/socket.hpp"

namespace spore::net::udp {

using datagram::Options, datagram::Received, datagram::Socket, datagram::Summary, datagram::SummaryVisitor, datagram::Target;

Result<Shared<Socket>> create(EndpointListener* listener);
void for_each(SummaryVisitor visitor, void* context);

}  // namespace spore::net::udp
