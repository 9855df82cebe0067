// Inodes of ext4, and the extents that lie in them.
#pragma once

#include "wire/ext4/superblock.hpp"

namespace spore::wire::ext4 {

namespace inode_flag {
inline constexpr u32 immutable = 0x10, append = 0x20, indexed = 0x1000, huge = 0x4'0000, extents = 0x8'0000, attribute = 0x20'0000,
                     inline_data = 0x1000'0000;
}

inline constexpr u32 map_size = 60;        ///< i_block: the root of the extents, the block map, or a short link's target
inline constexpr u32 small_inode = 128;

struct RawInode {
    le16 mode, uid_low;
    le32 size_low, accessed, changed, modified, deleted;
    le16 gid_low, links;
    le32 blocks_low, flags, version;
    std::byte map[map_size];
    le32 generation, attributes_low, size_high, fragment;
    le16 blocks_high, attributes_high, uid_high, gid_high, checksum_low, reserved;
    // Beyond 128 bytes, as far as `extra` says:
    le16 extra, checksum_high;
    le32 changed_extra, modified_extra, accessed_extra, created, created_extra, version_high, project;
};
static_assert(sizeof(RawInode) == 160 && alignof(RawInode) == 1 && offsetof(RawInode, extra) == small_inode);
/// How much of what is beyond 128 bytes is known here.
inline constexpr u16 known_extra = sizeof(RawInode) - small_inode;

struct InodeTime {
    i64 seconds;
    u32 nanoseconds;
};

/// A checked inode.
struct InodeInfo {
    u8 type;            ///< the mode's type bits, S_IFMT >> 12
    u16 permissions, links;
    u32 uid, gid, flags, generation;
    u64 size, blocks;   ///< blocks in sectors of 512 bytes
    u64 attribute_block;
    InodeTime accessed, changed, modified, created;
    std::byte map[map_size];
};

/// From inode_size bytes. corrupt when its checksum or a field is wrong.
Result<InodeInfo> parse_inode(const Superblock& super, u32 number, ByteSpan bytes);
/// Into inode_size bytes, of which what is not in `info` stays.
void write_inode(const Superblock& super, u32 number, const InodeInfo& info, MutableByteSpan bytes);
/// An inode that is new, with as much beyond 128 bytes as the volume's should have.
void clear_inode(const Superblock& super, MutableByteSpan bytes);
/// When it was deleted; or, of one that is to be once nobody uses it, which is the next such. write_inode() leaves it alone.
u32 deleted_of(ByteSpan bytes);
void set_deleted(const Superblock& super, u32 number, u32 value, MutableByteSpan bytes);
/// After a change of its bytes.
void seal_inode(const Superblock& super, u32 number, MutableByteSpan bytes);
/// What the checksums of the inode's blocks begin with.
inline u32 inode_seed(const Superblock& super, u32 number, u32 generation) { return checksum_number(checksum_number(super.seed, number), generation); }
/// How much of the fields beyond 128 bytes there is.
u16 extra_of(ByteSpan inode);

/// Device numbers as Linux keeps them in the map [include/linux/kdev_t.h].
u64 device_of(const std::byte* map);
void store_device(std::byte* map, u64 device);

}  // namespace spore::wire::ext4
