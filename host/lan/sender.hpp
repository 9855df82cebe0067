// Whether a member of the network speaks for itself alone: as its own card, with its own addresses, and not as a router.
#pragma once

#include "host/lan/addresses.hpp"

namespace spore::host::lan {

/// fe80:: and what follows from its card's address [RFC 4291 appendix A].
std::array<u8, 16> member_link_local(unsigned number);

/// Of a whole Ethernet frame. Frames of protocols that nothing here is known by pass; tags of virtual networks, which there are none of, do not.
bool speaks_for_itself(ByteSpan frame, unsigned number);

}  // namespace spore::host::lan
