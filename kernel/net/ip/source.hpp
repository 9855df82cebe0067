// Which of our addresses a conversation uses [RFC 6724 5].
#pragma once

#include "kernel/net/interface.hpp"

namespace spore::net {

/// The best address of the interface for a destination, of its family; unspecified (of that family) when there is none that may be used.
IpAddress source_on(const Interface& interface, const IpAddress& destination);
/// The same over all interfaces, for an interface that has none itself but a link-local one.
IpAddress source_for(const Interface& out, const IpAddress& destination);

}  // namespace spore::net
