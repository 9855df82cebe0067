// Interfaces as Linux describes them: what ioctl, netlink, /proc/net and /sys/class/net have in common.
#pragma once

#include <optional>

#include "kernel/net/interface.hpp"

namespace spore::linux {

u32 flags_of(const net::Interface& interface);
/// ARPHRD_*: Ethernet, or the loopback.
inline u16 hardware_type(const net::Interface& interface) { return interface.loopback() ? 772 : 1; }
std::optional<net::InterfaceAddress> first_v4(const net::Interface& interface);
/// The netmask of an IPv4 address, in host order.
u32 v4_mask(const net::InterfaceAddress& address);

/// The sum over all queues.
device::NetQueueCounters counters_of(const net::Interface& interface);

/// Calls visit(const net::InterfaceAddress&) for each.
template <typename F>
void for_each_address(const net::Interface& interface, F&& visit) {
    net::InterfaceAddress list[net::Interface::max_addresses];
    auto count = std::min<std::size_t>(interface.addresses(list), net::Interface::max_addresses);
    for (std::size_t i = 0; i < count; ++i) visit(list[i]);
}
template <typename F>
void for_each_interface(F&& visit) {
    for (u32 index = 1; auto* interface = net::interface(index); ++index) visit(*interface);
}

}  // namespace spore::linux
