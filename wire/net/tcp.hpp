// The TCP header and its options [RFC 9293 3.1, 3.2; 7323; 2018; 7413].
#pragma once

#include "base/bytes.hpp"

namespace spore::wire::tcp {

inline constexpr u8 protocol_number = 6;

/// Flags of a segment.
inline constexpr u8 fin = 0x01, syn = 0x02, rst = 0x04, psh = 0x08, ack = 0x10, urg = 0x20, ece = 0x40, cwr = 0x80;

struct Header {
    be16 source_port, destination_port;
    be32 sequence, acknowledgement;
    u8 data_offset;  ///< in its upper four bits: the header's size in words
    u8 flags;
    be16 window, checksum, urgent;

    u32 size() const { return (data_offset >> 4) * 4u; }
};
static_assert(sizeof(Header) == 20 && alignof(Header) == 1);
inline constexpr u32 max_options_size = 40, checksum_offset = 16;

/// Bytes [begin, end) that arrived.
struct SackBlock {
    u32 begin, end;
};

struct Options {
    static constexpr u8 no_scale = 0xff;
    static constexpr u32 max_sack_blocks = 4, max_cookie = 16;

    u16 mss = 0;                  ///< 0: absent
    u8 scale = no_scale;          ///< window shift, as sent: may exceed 14
    bool sack_permitted = false;
    bool timestamps = false;
    bool fast_open = false;       ///< the option is there; without a cookie it asks for one
    u8 sack_count = 0;
    u8 cookie_size = 0;
    u32 timestamp = 0, echo = 0;
    // Not initialised: valid as far as the counts say.
    SackBlock sack[max_sack_blocks];
    std::byte cookie[max_cookie];
};

/// Reads options. What is malformed ends them; what came before counts.
void parse_options(ByteSpan bytes, Options& into);
/// Writes options, in the order of Linux (which middleboxes know), padded to words; those that find no room are left out, SACK blocks first.
/// Returns their size. `into` has max_options_size bytes.
u32 write_options(MutableByteSpan into, const Options& options);

/// The commonest header: nothing but timestamps, aligned as RFC 7323 Appendix A recommends.
inline constexpr u32 timestamps_size = 12;
inline bool is_aligned_timestamps(const std::byte* options) {
    return reinterpret_cast<const be32*>(options)[0] == 0x0101'080a;
}
inline void write_aligned_timestamps(std::byte* into, u32 timestamp, u32 echo) {
    auto* words = reinterpret_cast<be32*>(into);
    words[0] = 0x0101'080a;
    words[1] = timestamp;
    words[2] = echo;
}

}  // namespace spore::wire::tcp
