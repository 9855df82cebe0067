// A TAP interface of the host's as a network card [linux Documentation/networking/tuntap].
#pragma once

#include "base/types.hpp"

namespace spore::arch {

/// Adds the interface behind the descriptor, opened with headers of virtio's kind (IFF_VNET_HDR, 12 bytes) and all offloads, to the kernel's cards.
/// `mac`: six bytes, the first one highest. Nothing for a descriptor below 0.
void open_tap(int descriptor, u64 mac);

}  // namespace spore::arch
