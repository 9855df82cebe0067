// A segment as it is processed: the header's fields in host order, and how much it carries.
#pragma once

#include "wire/net/tcp.hpp"

namespace spore::net::tcp {

struct Segment {
    u32 sequence, acknowledgement;
    u32 size;           ///< payload bytes
    u16 window, urgent;
    u8 flags, hop_limit;
    bool congestion_experienced = false;  ///< a router said so [RFC 3168]
    wire::tcp::Options options;

    bool has(u8 flag) const { return flags & flag; }
    /// Sequence numbers it takes: SYN and FIN count as one each [RFC 9293 3.4].
    u32 length() const { return size + (has(wire::tcp::syn) ? 1 : 0) + (has(wire::tcp::fin) ? 1 : 0); }
    u32 end() const { return sequence + length(); }
};

}  // namespace spore::net::tcp
