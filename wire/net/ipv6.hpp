// IPv6 headers and the extension headers between them and the transport's [RFC 8200].
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace spore::wire::ipv6 {

inline constexpr u32 min_mtu = 1280;

/// Next-header numbers.
inline constexpr u8 hop_by_hop = 0, routing = 43, fragment = 44, no_next = 59, destination_options = 60, icmp = 58;

struct Header {
    be32 version_class_flow;  ///< 6, traffic class 8, flow label 20
    be16 payload_size;
    u8 next;
    u8 hop_limit;
    u8 source[16];
    u8 destination[16];

    u8 traffic_class() const { return static_cast<u8>(version_class_flow >> 20); }
};
static_assert(sizeof(Header) == 40 && alignof(Header) == 1);

struct FragmentHeader {
    u8 next;
    u8 reserved;
    be16 offset_and_more;
    be32 identification;

    u32 offset() const { return offset_and_more & 0xfff8; }
    bool last() const { return !(offset_and_more & 1); }
};
static_assert(sizeof(FragmentHeader) == 8);

/// The header; the packet may have more bytes than it says. truncated, corrupt. Jumbograms [RFC 2675] are not known here.
inline Result<const Header*> parse(ByteSpan bytes, u32 packet_size) {
    const auto* header = view_at<Header>(bytes, 0);
    if (!header) return fail(Error::truncated);
    if (header->version_class_flow >> 28 != 6) return fail(Error::corrupt);
    if (header->payload_size > packet_size - sizeof(Header)) return fail(Error::truncated);
    return header;
}

/// What the walk over extension headers found.
struct Chain {
    u8 protocol;             ///< of what follows: a transport, ICMP, no_next, or `fragment`
    u32 size;                ///< bytes of extension headers before it
    u32 next_field;          ///< where the byte is that named `protocol`, from the packet's start
    bool router_alert = false;
};
/// Why a packet's chain cannot be followed, and what ICMP has to say [RFC 4443 3.4].
struct ChainError {
    enum class Answer : u8 {
        none,               ///< dropped silently
        bad_field,          ///< parameter problem, code 0
        unknown_header,     ///< code 1
        unknown_option,     ///< code 2
    } answer = Answer::none;
    bool even_to_group = false;  ///< answered also when the packet went to a multicast address
    u32 pointer = 0;             ///< to the byte in question
};

/// Hosts see few; more are an attack [RFC 8504 5.3].
inline constexpr u32 max_extension_headers = 8, max_extension_bytes = 192, max_options = 16;

/// Follows the chain in `bytes`, which begins with the IPv6 header and holds at least the extension headers. Stops at a fragment header.
std::expected<Chain, ChainError> walk(ByteSpan bytes);

/// How many bytes walk() may look at, of a packet with this many.
constexpr u32 walk_size(u32 packet_size) {
    u32 most = sizeof(Header) + max_extension_bytes;
    return packet_size < most ? packet_size : most;
}

}  // namespace spore::wire::ipv6
