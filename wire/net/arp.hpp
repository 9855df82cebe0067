// ARP for IPv4 over Ethernet [RFC 826]; other kinds are not parsed.
#pragma once

#include <cstring>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "wire/net/ethernet.hpp"

namespace spore::wire::arp {

enum class Operation : u16 { request = 1, reply = 2 };

struct Packet {
    be16 hardware;         ///< 1: Ethernet
    be16 protocol;         ///< an ethertype
    u8 hardware_size;
    u8 protocol_size;
    be16 operation;
    u8 sender_mac[6];
    be32 sender;
    u8 target_mac[6];
    be32 target;

    Operation kind() const { return static_cast<Operation>(u16{operation}); }
};
static_assert(sizeof(Packet) == 28 && alignof(Packet) == 1);

/// truncated; not_supported for other hardware, protocols and operations; corrupt when the sender's hardware address is a group's.
inline Result<const Packet*> parse(ByteSpan bytes) {
    const auto* packet = view_at<Packet>(bytes, 0);
    if (!packet) return fail(Error::truncated);
    if (packet->hardware != 1 || packet->protocol != ethernet::type_ipv4 || packet->hardware_size != 6 || packet->protocol_size != 4)
        return fail(Error::not_supported);
    if (packet->operation != u16{1} && packet->operation != u16{2}) return fail(Error::not_supported);
    if (ethernet::is_group(packet->sender_mac)) return fail(Error::corrupt);
    return packet;
}

inline Packet make(Operation operation, const ethernet::Mac& sender_mac, u32 sender, const ethernet::Mac& target_mac, u32 target) {
    Packet packet{};
    packet.hardware = 1;
    packet.protocol = ethernet::type_ipv4;
    packet.hardware_size = 6;
    packet.protocol_size = 4;
    packet.operation = static_cast<u16>(operation);
    std::memcpy(packet.sender_mac, sender_mac.data(), 6);
    packet.sender = sender;
    std::memcpy(packet.target_mac, target_mac.data(), 6);
    packet.target = target;
    return packet;
}

}  // namespace spore::wire::arp
