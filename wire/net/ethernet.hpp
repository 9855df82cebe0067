// Ethernet II frames, with or without an IEEE 802.1Q tag [IEEE 802.3 3.2, 802.1Q 9].
#pragma once

#include <array>
#include <cstring>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace spore::wire::ethernet {

using Mac = std::array<u8, 6>;
inline constexpr Mac broadcast = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

inline constexpr u16 type_ipv4 = 0x0800, type_arp = 0x0806, type_vlan = 0x8100, type_ipv6 = 0x86dd;
/// Smaller numbers in the type field are lengths: IEEE 802.2 frames, which nothing here speaks.
inline constexpr u16 smallest_type = 0x0600;

struct Header {
    u8 destination[6];
    u8 source[6];
    be16 type;
};
static_assert(sizeof(Header) == 14 && alignof(Header) == 1);

struct VlanTag {
    be16 control;  ///< priority 3, drop eligible 1, identifier 12
    be16 type;     ///< of what is inside
};
static_assert(sizeof(VlanTag) == 4);

/// A multicast or broadcast address has the lowest bit of its first byte set.
constexpr bool is_group(const u8* address) { return address[0] & 1; }

struct Frame {
    const Header* header;
    u16 type;         ///< of the payload
    u16 vlan;         ///< identifier; 0: none, or a tag of priority only
    u32 header_size;  ///< 14 or 18
};

/// truncated; corrupt for a length instead of a type, for a group as the source, and for a tag in a tag.
inline Result<Frame> parse(ByteSpan bytes) {
    const auto* header = view_at<Header>(bytes, 0);
    if (!header) return fail(Error::truncated);
    if (is_group(header->source)) return fail(Error::corrupt);
    u16 type = header->type;
    if (type != type_vlan) {
        if (type < smallest_type) return fail(Error::corrupt);
        return Frame{header, type, 0, sizeof(Header)};
    }
    const auto* tag = view_at<VlanTag>(bytes, sizeof(Header));
    if (!tag) return fail(Error::truncated);
    type = tag->type;
    if (type < smallest_type || type == type_vlan) return fail(Error::corrupt);
    return Frame{header, type, static_cast<u16>(tag->control & 0xfff), sizeof(Header) + sizeof(VlanTag)};
}

/// Where IP multicast goes on the link: 01:00:5e and 23 bits [RFC 1112 6.4], 33:33 and 32 bits [RFC 2464 7].
constexpr Mac group_of_ipv4(u32 group) {
    return {0x01, 0x00, 0x5e, static_cast<u8>(group >> 16 & 0x7f), static_cast<u8>(group >> 8), static_cast<u8>(group)};
}
constexpr Mac group_of_ipv6(const std::array<u8, 16>& group) { return {0x33, 0x33, group[12], group[13], group[14], group[15]}; }

}  // namespace spore::wire::ethernet
