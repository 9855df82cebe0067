// Disks between domains [xen/include/public/io/blkif.h], as 64-bit guests see them.
#pragma once

#include "base/types.hpp"

namespace spore::wire::xen {

enum class BlockOperation : u8 { read = 0, write = 1, flush = 3, discard = 5 };

/// Sectors of 512 bytes in a frame, from the first to the last.
struct BlockSegment {
    u32 grant;
    u8 first, last;
    u16 padding;
};
inline constexpr u32 block_segments = 11;
struct BlockRequest {
    BlockOperation operation;
    u8 segments;
    u16 device;
    u32 padding;
    u64 id, sector;
    BlockSegment segment[block_segments];
};
static_assert(sizeof(BlockRequest) == 112);
/// The same for BlockOperation::discard, where "feature-discard" is offered.
struct BlockDiscard {
    BlockOperation operation;
    u8 flags;
    u16 device;
    u32 padding;
    u64 id, sector, sectors;
};
static_assert(sizeof(BlockDiscard) == 32);
struct BlockAnswer {
    u64 id;
    BlockOperation operation;
    u8 padding;
    i16 status;
    u32 padding2;
};
static_assert(sizeof(BlockAnswer) == 16);

inline constexpr u32 block_read_only = 4;  ///< of "info"

}  // namespace spore::wire::xen
