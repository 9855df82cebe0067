// A machine that stops takes with it what programs have sent and the network has not got yet: so it waits.
#pragma once

#include "base/time.hpp"
#include "base/types.hpp"

namespace spore::net {

/// How much is still on its way: bytes and FINs of connections that their programs have closed, packets whose neighbour or device has yet to take
/// them. What stays on this machine does not count. 0: all is said.
u64 undelivered();

/// Waits until all is said. Sleeps. False when it gave up, because nothing had moved for `patience`, or after `limit` in any case.
bool drain(Duration patience, Duration limit);

}  // namespace spore::net
