// IPv4 headers and their options [RFC 791 3.1].
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "wire/net/checksum.hpp"

namespace spore::wire::ipv4 {

inline constexpr u16 dont_fragment = 0x4000, more_fragments = 0x2000, fragment_offset_mask = 0x1fff;
inline constexpr u32 max_header = 60, min_mtu = 68;

struct Header {
    u8 version_and_size;  ///< 4, and the header's 32-bit words
    u8 traffic_class;
    be16 total_size;
    be16 identification;
    be16 fragment;        ///< flags, and the offset in units of 8 bytes
    u8 hop_limit;
    u8 protocol;
    be16 checksum;
    be32 source;
    be32 destination;

    u32 header_size() const { return (version_and_size & 0xfu) * 4; }
    bool is_fragment() const { return fragment & (more_fragments | fragment_offset_mask); }
    bool last_fragment() const { return !(fragment & more_fragments); }
    u32 fragment_offset() const { return (fragment & fragment_offset_mask) * u32{8}; }
};
static_assert(sizeof(Header) == 20 && alignof(Header) == 1);

/// The header, when all of it (options too) lies in `bytes` and its checksum is right. `packet_size`: bytes of the whole packet, of which `bytes` is
/// the beginning; more than the header says is padding. truncated; corrupt; io for a wrong checksum.
inline Result<const Header*> parse(ByteSpan bytes, u32 packet_size) {
    const auto* header = view_at<Header>(bytes, 0);
    if (!header) return fail(Error::truncated);
    u32 total = header->total_size;
    if (header->version_and_size == 0x45) [[likely]] {
        if (total < sizeof(Header) || total > packet_size) return fail(Error::truncated);
        if (sum_of_20(bytes.data()) != 0xffff) return fail(Error::io);
        return header;
    }
    u32 size = header->header_size();
    if (header->version_and_size >> 4 != 4 || size < sizeof(Header) || total < size) return fail(Error::corrupt);
    if (size > bytes.size() || total > packet_size) return fail(Error::truncated);
    if (checksum_of(bytes.first(size)) != 0) return fail(Error::io);
    return header;
}

/// What a host needs to know of a header's options [RFC 1122 3.2.1.8].
struct Options {
    bool source_route = false;  ///< loose or strict: never followed here
    bool router_alert = false;  ///< [RFC 2113]
};
/// `options`: what follows the 20 bytes. corrupt when a length leaves it.
inline Result<Options> parse_options(ByteSpan options) {
    Options found;
    for (std::size_t at = 0; at < options.size();) {
        auto kind = static_cast<u8>(options[at]);
        if (kind == 0) break;
        if (kind == 1) { ++at; continue; }
        if (at + 1 >= options.size()) return fail(Error::corrupt);
        auto size = static_cast<u8>(options[at + 1]);
        if (size < 2 || size > options.size() - at) return fail(Error::corrupt);
        if (kind == 131 || kind == 137) found.source_route = true;
        if (kind == 148) found.router_alert = true;
        at += size;
    }
    return found;
}

}  // namespace spore::wire::ipv4
