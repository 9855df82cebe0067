// For devices that take a packet in so many pieces only.
#pragma once

#include "kernel/device/packet.hpp"

namespace spore::drivers {

/// Another packet with the same head, whose rest lies in whole pages. no_memory, no_space.
Result<Owned<device::Packet>> in_fewer_pieces(const device::Packet& packet);

}  // namespace spore::drivers
