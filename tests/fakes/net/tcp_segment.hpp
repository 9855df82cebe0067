// TCP segments as tests write and read them, by code of their own: a small language of what a segment has.
//
//   syn().seq(0).win(1000).mss(1460)        ack().seq(1).ack(1).win(5).data(100)        fin_ack().seq(101).ack(1)
//
// Sequence numbers count from each side's first one, as in a trace. A payload is given by its size: its bytes are those that the
// sender's stream has at that place (stream_byte), so that whatever arrives can be told right or wrong.
#pragma once

#include <optional>
#include <utility>

#include "tests/fakes/net/frames.hpp"

namespace spore::fakes {

/// Who sends a stream, in tests.
enum class Side : u8 { stack, peer };
/// The byte at `offset` of the stream that one side sends.
constexpr u8 stream_byte(Side side, u64 offset) {
    return static_cast<u8>((offset * 0x9e37'79b1 >> 16) + offset + (side == Side::peer ? 0x55 : 0));
}
Bytes stream_bytes(Side side, u64 offset, std::size_t size);

struct Seg {
    u8 flags = 0;
    std::optional<u32> sequence, acknowledgement;
    std::optional<u16> window, urgent_pointer;
    u32 size = 0;
    // Options
    std::optional<u16> mss_option;
    std::optional<u8> scale_option;
    bool sack_permitted = false;
    std::optional<u32> stamp, echo;
    bool no_stamp = false;
    std::vector<std::pair<u32, u32>> sack_blocks;
    std::optional<Bytes> cookie_option;
    u8 ecn = 0;             ///< the low bits of IP's traffic class
    bool damaged = false;   ///< its checksum is wrong

    Seg& seq(u32 number) { return sequence = number, *this; }
    Seg& ack(u32 number) { return acknowledgement = number, *this; }
    Seg& win(u16 field) { return window = field, *this; }
    Seg& data(u32 bytes) { return size = bytes, *this; }
    Seg& urg(u16 pointer) { return flags |= 0x20, urgent_pointer = pointer, *this; }
    Seg& mss(u16 bytes) { return mss_option = bytes, *this; }
    Seg& scale(u8 shift) { return scale_option = shift, *this; }
    Seg& sack_ok() { return sack_permitted = true, *this; }
    /// Timestamp and echo, in milliseconds of each side's clock. A connection that uses them fills them in by itself otherwise.
    Seg& ts(u32 value, u32 answered) { return stamp = value, echo = answered, *this; }
    Seg& no_ts() { return no_stamp = true, *this; }
    Seg& sack(u32 begin, u32 end) { return sack_blocks.emplace_back(begin, end), *this; }
    Seg& cookie(const Bytes& bytes) { return cookie_option = bytes, *this; }
    Seg& marked(u8 bits) { return ecn = bits, *this; }
    Seg& flag(u8 more) { return flags |= more, *this; }
    Seg& damage() { return damaged = true, *this; }

    bool has(u8 flag) const { return flags & flag; }
    u32 length() const { return size + (flags & 1) + (flags >> 1 & 1); }
};
inline Seg syn() { return {.flags = 0x02}; }
inline Seg syn_ack() { return {.flags = 0x12}; }
inline Seg ack() { return {.flags = 0x10}; }
inline Seg psh() { return {.flags = 0x18}; }
inline Seg fin_ack() { return {.flags = 0x11}; }
inline Seg rst() { return {.flags = 0x04}; }
inline Seg rst_ack() { return {.flags = 0x14}; }
inline constexpr u8 ece_flag = 0x40, cwr_flag = 0x80, fin_flag = 0x01, psh_flag = 0x08;

/// Both sides' first sequence numbers, which a Seg's numbers are counted from.
struct Origins {
    u32 sender = 0, receiver = 0;
};
/// The segment's bytes, with checksum.
Bytes tcp_segment(const Seg& seg, const Origins& origins, Side sender, const IpAddress& source, u16 source_port, const IpAddress& destination,
                  u16 destination_port);
/// A segment that was seen, with its ports; nothing when its header breaks the rules.
struct SeenSegment {
    Seg seg;             ///< numbers as on the wire: see relative_to()
    u16 source_port = 0, destination_port = 0;
    Bytes payload;
};
std::optional<SeenSegment> read_segment(const Parsed& packet);
/// As a line of a trace.
std::string to_string(const Seg& seg);
/// What is wrong with `seen`, where `wanted` says something about it; empty: nothing.
std::string difference(const Seg& wanted, const Seg& seen);

}  // namespace spore::fakes
