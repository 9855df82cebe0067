// Numbers and structures of AF_PACKET [linux/if_packet.h, packet(7)].
#pragma once

#include "base/bytes.hpp"

namespace spore::linux {

inline constexpr i32 level_packet = 263;
enum PacketOption : i32 { packet_add_membership = 1, packet_drop_membership = 2, packet_statistics = 6, packet_auxiliary = 8, packet_original_device = 9 };
enum PacketMembership : u16 { membership_group = 0, membership_promiscuous = 1, membership_all_groups = 2, membership_unicast = 3 };

/// struct sockaddr_ll
struct LinkAddress {
    u16 family;
    be16 protocol;
    i32 interface;
    u16 hardware_type;
    u8 kind, address_size;
    u8 address[8];
};
static_assert(sizeof(LinkAddress) == 20);

/// struct packet_mreq
struct LinkMembership {
    i32 interface;
    u16 kind, address_size;
    u8 address[8];
};
static_assert(sizeof(LinkMembership) == 16);

/// struct tpacket_auxdata
struct PacketAuxiliary {
    u32 status, size, copied;
    u16 link_at, network_at, vlan, vlan_protocol;
};
static_assert(sizeof(PacketAuxiliary) == 20);

}  // namespace spore::linux
