// Numbers and structures of AF_PACKET [linux/if_packet.h, packet(7)].
#pragma once

#include "base/bytes.hpp"

namespace spore::linux {

inline constexpr i32 level_packet = 263;
enum PacketOption : i32 {
    packet_add_membership = 1, packet_drop_membership = 2, packet_receive_ring = 5, packet_statistics = 6, packet_auxiliary = 8, packet_original_device = 9,
    packet_version = 10, packet_header_size = 11, packet_reserve = 12,
};
enum class PacketVersion : u32 { one = 0, two = 1, three = 2 };
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

/// struct tpacket_req3; version 2 has the first four.
struct RingRequest {
    u32 block_size, block_count, frame_size, frame_count;
    u32 timeout_ms, private_size, features;
};
static_assert(sizeof(RingRequest) == 28);

/// struct tpacket2_hdr
struct RingFrame2 {
    u32 status, size, copied;
    u16 link_at, network_at;
    u32 seconds, nanoseconds;
    u16 vlan, vlan_protocol;
    u8 padding[4];
};
static_assert(sizeof(RingFrame2) == 32);

/// struct tpacket3_hdr
struct RingFrame3 {
    u32 next;  ///< from this frame to the next; 0: the last of its block
    u32 seconds, nanoseconds;
    u32 copied, size, status;
    u16 link_at, network_at;
    u32 hash, vlan;
    u16 vlan_protocol;
    u8 padding[10];
};
static_assert(sizeof(RingFrame3) == 48);

/// struct tpacket_block_desc
struct RingBlock {
    u32 version, private_at;
    u32 status, frames, first, size;
    u64 number;
    u32 first_seconds, first_nanoseconds, last_seconds, last_nanoseconds;
};
static_assert(sizeof(RingBlock) == 48);

}  // namespace spore::linux
