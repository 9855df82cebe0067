// Raw sockets: a program's own protocols, and copies of everybody else's packets [raw(7), RFC 3542 3]. While none is open for a protocol, that protocol's packets pass
// as if there were no such thing.
#pragma once

#include "kernel/net/datagram/socket.hpp"
#include "kernel/net/ip/arrival.hpp"

namespace spore::net::raw {

enum class Version : u8 { v4, v6 };

/// Takes packets of the protocol at once. no_memory.
Result<Shared<datagram::Socket>> create(Version version, u8 protocol, EndpointListener* listener);
void path_error(const PathError& error);
void for_each(datagram::SummaryVisitor visitor, void* context);

}  // namespace spore::net::raw
