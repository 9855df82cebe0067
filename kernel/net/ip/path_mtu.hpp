// What routers told about the size of packets that the way to a destination takes [RFC 1191, 8201].
#pragma once

#include "base/time.hpp"
#include "kernel/net/address.hpp"

namespace spore::net::path_mtu {

/// No more than `interface_mtu`.
u16 find(const IpAddress& destination, u16 interface_mtu);
/// A router on the way takes only so much. Values below what every link must carry are raised to it.
void learn(const IpAddress& destination, u32 mtu);
/// A chore: after a while a larger packet is tried again.
Instant expire(Instant now);
/// Only for tests.
void forget();

}  // namespace spore::net::path_mtu
