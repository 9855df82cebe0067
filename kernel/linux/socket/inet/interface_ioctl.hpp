// The requests about network interfaces that any socket takes [netdevice(7)].
#pragma once

#include "base/result.hpp"
#include "base/types.hpp"

namespace spore::linux {

/// not_a_terminal when the request is not of these.
Result<u64> interface_ioctl(u32 request, u64 argument, u16 family);

/// IFF_* of an interface, as ioctl, netlink and /sys show them.
namespace interface_flag {
inline constexpr u32 up = 1, broadcast = 2, loopback = 8, running = 0x40, multicast = 0x1000, lower_up = 0x10000;
}

}  // namespace spore::linux
