// The UDP header [RFC 768].
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace spore::wire::udp {

struct Header {
    be16 source_port, destination_port;
    be16 size;      ///< of header and payload
    be16 checksum;  ///< 0: not computed (IPv4 only)

    /// truncated, corrupt (the size is less than the header's, or more than there is).
    static Result<const Header*> parse(ByteSpan head, u32 packet_size) {
        auto* header = view_at<Header>(head, 0);
        if (!header) return fail(Error::truncated);
        if (header->size < sizeof(Header) || header->size > packet_size) return fail(Error::corrupt);
        return header;
    }
};
static_assert(sizeof(Header) == 8 && alignof(Header) == 1);

inline constexpr u8 protocol = 17;

}  // namespace spore::wire::udp
