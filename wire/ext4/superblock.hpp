// The superblock and group descriptors of ext4 [kernel.org, Documentation/filesystems/ext4].
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "wire/ext4/checksum.hpp"

namespace spore::wire::ext4 {

/// The only block size that is read here.
inline constexpr u32 block_size = 4096;
inline constexpr u32 superblock_offset = 1024;
inline constexpr u16 superblock_magic = 0xef53;
inline constexpr u32 root_inode = 2, journal_inode = 8;

namespace compatible {
inline constexpr u32 journal = 0x4, dir_index = 0x20, sparse_super2 = 0x200;
}
namespace incompatible {
inline constexpr u32 filetype = 0x2, recover = 0x4, extents = 0x40, wide = 0x80, flex_groups = 0x200, checksum_seed = 0x2000;
inline constexpr u32 known = filetype | recover | extents | wide | flex_groups | checksum_seed;
}  // namespace incompatible
namespace read_only_compatible {
inline constexpr u32 sparse_super = 0x1, large_file = 0x2, huge_file = 0x8, dir_links = 0x20, extra_inode = 0x40, checksums = 0x400;
inline constexpr u32 known = sparse_super | large_file | huge_file | dir_links | extra_inode | checksums;
}  // namespace read_only_compatible
namespace state {
inline constexpr u16 clean = 1, errors = 2;
}

struct RawSuperblock {
    le32 inodes, blocks_low, reserved_blocks_low, free_blocks_low, free_inodes, first_data_block, log_block_size, log_cluster_size;
    le32 blocks_per_group, clusters_per_group, inodes_per_group, mount_time, write_time;
    le16 mounts, max_mounts, magic, state, errors, minor_revision;
    le32 checked, check_interval, creator, revision;
    le16 reserved_uid, reserved_gid;
    le32 first_inode;
    le16 inode_size, own_group;
    le32 compatible, incompatible, read_only_compatible;
    u8 uuid[16];
    char label[16];
    char last_mounted[64];
    le32 algorithms;
    u8 preallocate, preallocate_directory;
    le16 reserved_descriptor_blocks;
    u8 journal_uuid[16];
    le32 journal_inode, journal_device, last_orphan;
    le32 hash_seed[4];
    u8 hash_version, journal_backup;
    le16 descriptor_size;
    le32 mount_options, first_meta_group, made, journal_blocks[17];
    le32 blocks_high, reserved_blocks_high, free_blocks_high;
    le16 min_extra_size, want_extra_size;
    le32 flags;
    u8 unused1[0x270 - 0x164];
    le32 checksum_seed;
    u8 unused2[0x3fc - 0x274];
    le32 checksum;
};
static_assert(sizeof(RawSuperblock) == 1024 && alignof(RawSuperblock) == 1);

/// A checked superblock.
struct Superblock {
    u64 blocks;
    u32 inodes, groups, blocks_per_group, inodes_per_group, first_inode;
    u16 inode_size, descriptor_size, reserved_descriptor_blocks, extra_size;
    u32 compatible, incompatible, read_only_compatible;
    u32 seed;          ///< of checksums
    bool checksums;    ///< metadata bears them
    bool unsigned_hash;
    u8 hash_version;   ///< of directories that get an index
    u32 hash_seed[4];
    u32 journal_inode;

    bool has(u32 feature) const { return incompatible & feature; }
    u32 descriptor_blocks() const { return (groups + block_size / descriptor_size - 1) / (block_size / descriptor_size); }
    u32 group_of_inode(u32 number) const { return (number - 1) / inodes_per_group; }
    u32 group_of(u64 block) const { return static_cast<u32>(block / blocks_per_group); }
    u32 blocks_in(u32 group) const {
        return group + 1 < groups ? blocks_per_group : static_cast<u32>(blocks - u64{group} * blocks_per_group);
    }
    /// Whether a copy of the superblock and the descriptors lies at its beginning.
    bool has_copy(u32 group) const;
};

/// From the 1024 bytes at superblock_offset, of a volume of `bytes` bytes. not_found when it is something else, not_supported for features that
/// change how it is read, corrupt, truncated.
Result<Superblock> parse_superblock(ByteSpan raw, u64 bytes);
u32 superblock_checksum(const RawSuperblock& raw);
/// The superblock is two sectors, of which a power failure may have let one pass. Then it is in the journal, which is to be replayed (`replayed`: it
/// was); or, where that begins or ends to be needed, nothing but the mark of that was changed. Such a one gets the checksum that fits it.
void forgive_torn(RawSuperblock& raw, bool replayed);

namespace group_flag {
inline constexpr u16 no_inodes = 1, no_blocks = 2;  ///< the bitmap was never written: all free
}

struct RawGroup {
    le32 block_bitmap_low, inode_bitmap_low, inode_table_low;
    le16 free_blocks_low, free_inodes_low, directories_low, flags;
    le32 exclude_low;
    le16 block_checksum_low, inode_checksum_low, unused_inodes_low, checksum;
    // With 64bit:
    le32 block_bitmap_high, inode_bitmap_high, inode_table_high;
    le16 free_blocks_high, free_inodes_high, directories_high, unused_inodes_high;
    le32 exclude_high;
    le16 block_checksum_high, inode_checksum_high;
    le32 reserved;
};
static_assert(sizeof(RawGroup) == 64 && alignof(RawGroup) == 1);
inline constexpr u16 small_group = 32;

/// A descriptor in place, small or large.
class Group {
public:
    Group(RawGroup* raw, const Superblock& super, u32 number) : raw_(raw), super_(super), number_(number) {}
    u64 block_bitmap() const { return join(raw_->block_bitmap_low, wide() ? u32{raw_->block_bitmap_high} : 0); }
    u64 inode_bitmap() const { return join(raw_->inode_bitmap_low, wide() ? u32{raw_->inode_bitmap_high} : 0); }
    u64 inode_table() const { return join(raw_->inode_table_low, wide() ? u32{raw_->inode_table_high} : 0); }
    u32 free_blocks() const { return get(raw_->free_blocks_low, raw_->free_blocks_high); }
    u32 free_inodes() const { return get(raw_->free_inodes_low, raw_->free_inodes_high); }
    u32 directories() const { return get(raw_->directories_low, raw_->directories_high); }
    u32 unused_inodes() const { return get(raw_->unused_inodes_low, raw_->unused_inodes_high); }
    void set_free_blocks(u32 value) { set(raw_->free_blocks_low, raw_->free_blocks_high, value); }
    void set_free_inodes(u32 value) { set(raw_->free_inodes_low, raw_->free_inodes_high, value); }
    void set_directories(u32 value) { set(raw_->directories_low, raw_->directories_high, value); }
    void set_unused_inodes(u32 value) { set(raw_->unused_inodes_low, raw_->unused_inodes_high, value); }
    bool flagged(u16 flag) const { return raw_->flags & flag; }
    void clear_flag(u16 flag) { raw_->flags = static_cast<u16>(raw_->flags & ~flag); }
    u32 number() const { return number_; }

    bool is_sound() const;
    void set_checksum() { raw_->checksum = own_checksum(); }
    bool block_bitmap_matches(ByteSpan bitmap) const;
    bool inode_bitmap_matches(ByteSpan bitmap) const;
    void set_block_bitmap_checksum(ByteSpan bitmap);
    void set_inode_bitmap_checksum(ByteSpan bitmap);

private:
    bool wide() const { return super_.descriptor_size > small_group; }
    static u64 join(u32 low, u32 high) { return u64{high} << 32 | low; }
    u32 get(const le16& low, const le16& high) const { return low | (wide() ? u32{high} << 16 : 0); }
    void set(le16& low, le16& high, u32 value) {
        low = static_cast<u16>(value);
        if (wide()) high = static_cast<u16>(value >> 16);
    }
    u16 own_checksum() const;
    bool matches(ByteSpan part, u16 low, const le16& high) const;

    RawGroup* raw_;
    const Superblock& super_;
    u32 number_;
};

}  // namespace spore::wire::ext4
