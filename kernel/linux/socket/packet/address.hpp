// How programs see where a frame came from.
#pragma once

#include "kernel/linux/uapi/packet.hpp"
#include "kernel/net/link/socket.hpp"

namespace spore::linux {

LinkAddress to_link_address(const net::link::Address& from);

}  // namespace spore::linux
