// EROFS inodes: compact (32 bytes) and extended (64 bytes), and where the contents of a file lie.
#pragma once

#include "wire/erofs/superblock.hpp"

namespace spore::wire::erofs {

struct RawCompactInode {
    le16 format;
    le16 attribute_count;
    le16 mode;
    le16 links;
    le32 size;
    le32 reserved;
    le32 location;  ///< first block, device number or chunk format
    le32 number;
    le16 uid;
    le16 gid;
    le32 reserved2;
};
static_assert(sizeof(RawCompactInode) == 32);

struct RawExtendedInode {
    le16 format;
    le16 attribute_count;
    le16 mode;
    le16 reserved;
    le64 size;
    le32 location;
    le32 number;
    le32 uid;
    le32 gid;
    le64 modified_seconds;
    le32 modified_nanoseconds;
    le32 links;
    u8 reserved2[16];
};
static_assert(sizeof(RawExtendedInode) == 64);

enum class Layout : u8 {
    plain = 0,   ///< consecutive blocks
    inline_tail = 2,  ///< consecutive blocks, the last part lies behind the inode
    chunks = 4,  ///< a table of block addresses behind the inode
};

/// A checked inode.
struct InodeInfo {
    Layout layout;
    u8 type;             ///< the mode's type bits, S_IFMT >> 12
    u16 permissions;
    u32 links, uid, gid;
    u64 size;
    u32 device;          ///< as Linux encodes it, for device nodes
    i64 modified_seconds;
    u32 modified_nanoseconds;
    u64 attribute_offset;  ///< in the image, of the attributes behind the inode
    u32 attribute_size;    ///< bytes; 0 when there are none
    u64 first_block;       ///< plain, inline_tail
    u64 tail_offset;       ///< inline_tail: where the part behind the inode lies in the image
    u64 chunk_table;       ///< chunks: where the table lies in the image
    u8 chunk_block_bits;   ///< chunks: log2 of the blocks per chunk
    u8 chunk_entry_size;   ///< chunks: 4 or 8

    u64 blocks() const { return (size + block_size - 1) / block_size; }
    /// Bytes behind the inode: what does not fill the last block.
    u64 tail_size() const { return size % block_size; }
};

/// Where the inode `nid` begins in the image; corrupt when that is outside.
Result<u64> inode_offset(const Superblock& super, u64 nid);
/// From the 64 bytes at `offset` (fewer at the very end of an image). Afterwards every offset in it lies inside of the image.
Result<InodeInfo> parse_inode(const Superblock& super, u64 offset, ByteSpan bytes);

/// One entry of a chunk table: its block address, or hole_address.
Result<u32> parse_chunk(ByteSpan entry);

}  // namespace spore::wire::erofs
