// A segment before its socket's filter.
#pragma once

#include "kernel/net/filter.hpp"
#include "kernel/net/tcp/segment.hpp"

namespace spore::net::tcp {

/// Shows the segment with its header to the filter, and cuts off the data that does not come through: the peer sends that again. False, and counted, when nothing does. The
/// packet's head is at the payload, before and after.
bool passes_filter(const Filter& filter, Segment& segment, device::Packet& packet, const Interface* interface);

}  // namespace spore::net::tcp
