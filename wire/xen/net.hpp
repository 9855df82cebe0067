// Network cards between domains [xen/include/public/io/netif.h].
#pragma once

#include "base/types.hpp"

namespace spore::wire::xen {

/// Of a piece to be sent. The first one's size is the packet's.
struct SendRequest {
    u32 grant;
    u16 offset, flags, id, size;
};
static_assert(sizeof(SendRequest) == 12);
struct SendAnswer {
    u16 id;
    i16 status;
};
inline constexpr i16 no_answer = 1;

struct ReceiveRequest {
    u16 id, padding;
    u32 grant;
};
struct ReceiveAnswer {
    u16 id, offset, flags;
    i16 status;  ///< bytes, or an error below zero
};
static_assert(sizeof(ReceiveRequest) == 8 && sizeof(ReceiveAnswer) == 8);

/// In a slot of its own, behind the packet's first one.
struct ExtraInfo {
    u8 type, flags;
    u16 segment_size;
    u8 segmentation, padding;
    u16 features;
};
static_assert(sizeof(ExtraInfo) == 8);
inline constexpr u8 extra_segmentation = 1, extra_more = 1;
inline constexpr u8 segmentation_tcp4 = 1, segmentation_tcp6 = 2;

/// Flags of sending.
inline constexpr u16 send_no_checksum = 1, send_verified = 2, send_more = 4, send_extra = 8;
/// Flags of receiving.
inline constexpr u16 receive_verified = 1, receive_no_checksum = 2, receive_more = 4, receive_extra = 8;

inline constexpr u32 most_pieces = 18;  ///< of a packet, that every other end takes

}  // namespace spore::wire::xen
