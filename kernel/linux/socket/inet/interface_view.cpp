#include "kernel/linux/socket/inet/interface_view.hpp"

#include "kernel/linux/socket/inet/interface_ioctl.hpp"
#include "kernel/net/loopback.hpp"

namespace spore::linux {

u32 flags_of(const net::Interface& interface) {
    using namespace interface_flag;
    u32 flags = up | (interface.loopback() ? loopback : broadcast | multicast);
    if (interface.up()) flags |= running | lower_up;
    return flags;
}

std::optional<net::InterfaceAddress> first_v4(const net::Interface& interface) {
    std::optional<net::InterfaceAddress> found;
    for_each_address(interface, [&](const net::InterfaceAddress& address) {
        if (!found && address.address.is_v4()) found = address;
    });
    return found;
}

u32 v4_mask(const net::InterfaceAddress& address) {
    constexpr u8 v4_bits_at = 96;
    u32 bits = address.prefix_length > v4_bits_at ? address.prefix_length - v4_bits_at : 0;
    return bits == 0 ? 0 : ~u32{0} << (32 - bits);
}

device::NetQueueCounters counters_of(const net::Interface& interface) {
    device::NetQueueCounters sum{};
    auto* device = interface.device();
    if (interface.loopback()) {
        auto [packets, bytes] = net::loopback_traffic();
        sum.packets_received = sum.packets_sent = packets;
        sum.bytes_received = sum.bytes_sent = bytes;
    }
    for (u16 pair = 0; device && pair < device->queue_pairs(); ++pair) {
        auto one = device->counters(pair);
        sum.packets_received += one.packets_received, sum.bytes_received += one.bytes_received;
        sum.packets_sent += one.packets_sent, sum.bytes_sent += one.bytes_sent;
        sum.receive_errors += one.receive_errors, sum.receive_no_memory += one.receive_no_memory, sum.send_queue_full += one.send_queue_full;
        sum.notifications += one.notifications, sum.interrupts += one.interrupts;
    }
    return sum;
}

}  // namespace spore::linux
