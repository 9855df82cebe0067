// Packets made from what programs hand over.
#pragma once

#include "kernel/device/packet.hpp"
#include "kernel/net/endpoint_events.hpp"

namespace spore::net {

/// A packet with `size` bytes of payload, at most 64 KiB, and room for `header` bytes and all lower headers in front. Small payloads lie in the
/// head, so that the device sees one piece. no_memory, bad_address. May sleep in `from`.
Result<Owned<device::Packet>> packet_with_payload(ByteSource& from, u32 size, u32 header);

}  // namespace spore::net
