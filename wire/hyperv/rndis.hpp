// RNDIS, in which Hyper-V's network cards carry frames and are asked for and told their settings [MS-RNDIS; MS-NDIS objects as in Windows' ntddndis.h].
// Offsets count from behind the message's head.
#pragma once

#include "base/types.hpp"

namespace spore::wire::rndis {

enum class Kind : u32 {
    packet = 1,
    initialize = 2,
    query = 4,
    set = 5,
    status = 7,
    initialized = 0x8000'0002,
    queried = 0x8000'0004,
    was_set = 0x8000'0005,
};
struct Head {
    Kind kind;
    u32 bytes;  ///< of the whole message
};

// ---- frames ----
struct Packet {
    u32 data_offset, data_bytes, other_offset, other_bytes, others, info_offset, info_bytes, connection, reserved;
};
static_assert(sizeof(Packet) == 36);

enum class InfoKind : u32 { checksum = 0, segments = 2 };
struct InfoHead {
    u32 bytes;
    InfoKind kind;
    u32 offset;  ///< of the value, from the head on
};
struct Info {
    InfoHead head;
    u32 value;
};
static_assert(sizeof(Info) == 16);

/// InfoKind::checksum of a frame to be sent: what the host completes, and where TCP's or UDP's header begins.
inline constexpr u32 sum_ip4 = 1 << 0, sum_ip6 = 1 << 1, sum_tcp = 1 << 2, sum_udp = 1 << 3, sum_transport_shift = 16;
/// Of a received one: what the host has looked at.
inline constexpr u32 tcp_wrong = 1 << 0, udp_wrong = 1 << 1, ip_wrong = 1 << 2, tcp_right = 1 << 3, udp_right = 1 << 4;
/// InfoKind::segments: bytes of payload in each, where TCP's header begins, and that the lengths are left to the host.
inline constexpr u32 segments_transport_shift = 20, segments_version_2 = 1 << 30, segments_ip6 = 1u << 31;
inline constexpr u32 largest_transport_offset = 0x3ff;

// ---- requests and answers, each with the request's number ----
struct Initialize {
    Head head;
    u32 number, major, minor, largest_transfer;
};
inline constexpr u32 version_major = 1, version_minor = 0, usual_transfer = 0x4000;
struct Initialized {
    Head head;
    u32 number, status, major, minor, flags, medium, most_packets, largest_transfer, alignment, families_offset, families_bytes;
};
static_assert(sizeof(Initialized) == 52);
inline constexpr u32 medium_ethernet = 0;

/// query and set. What is asked with, or set, follows.
struct Request {
    Head head;
    u32 number, object, bytes, offset, connection;
};
static_assert(sizeof(Request) == 28);
struct Queried {
    Head head;
    u32 number, status, bytes, offset;
};
struct WasSet {
    Head head;
    u32 number, status;
};
inline constexpr u32 status_success = 0;

struct Status {
    Head head;
    u32 status, bytes, offset;
};
inline constexpr u32 status_connected = 0x4001'000b, status_disconnected = 0x4001'000c;

// ---- objects ----
inline constexpr u32 object_frame_size = 0x0001'0106, object_filter = 0x0001'010e, object_connected = 0x0001'0114, object_address = 0x0101'0101,
                     object_offload_parameters = 0xfc01'020c, object_offload_capabilities = 0xfc01'020d;
inline constexpr u32 filter_directed = 1 << 0, filter_all_multicast = 1 << 2, filter_broadcast = 1 << 3, filter_promiscuous = 1 << 5;
inline constexpr u32 state_connected = 0;  ///< of object_connected

struct ObjectHead {
    u8 type, revision;
    u16 size;
};
inline constexpr u8 type_default = 0x80, type_offload = 0xa7, offload_revision = 3;

struct SumCapabilities {
    u32 framing, what;
};
/// Of TCP with options, and of UDP, over IPv4 and IPv6; each is two bits, of which the lower one says that it is there.
inline constexpr u32 can_tcp = 1 << 2 | 1 << 4, can_udp = 1 << 6, can_ip4 = 1 << 8;
struct OffloadCapabilities {
    ObjectHead head;
    SumCapabilities send4, receive4, send6, receive6;
    u32 old[11];  ///< segments and IPsec, of kinds that nobody uses
    u32 framing4, largest4, least_segments4, framing6, largest6, least_segments6, options6;
    u32 others[12];
};
static_assert(sizeof(OffloadCapabilities) == 156);
inline constexpr u32 framing_ethernet = 2;

struct OffloadParameters {
    ObjectHead head;
    u8 ip4, tcp4, udp4, tcp6, udp6, old_segments, ipsec, segments4, segments6;
    u8 connections[3];
    u32 flags;
    u8 others[8];
};
static_assert(sizeof(OffloadParameters) == 28);
/// Of sums: that they are neither completed nor looked at, and what is added where they are.
inline constexpr u8 sums_off = 1, sums_sent = 1, sums_received = 2;
inline constexpr u8 segments_off = 1, segments_on = 2;

}  // namespace spore::wire::rndis
