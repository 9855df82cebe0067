// The EROFS superblock: where an image keeps its inodes and which features it needs [Linux, Documentation/filesystems/erofs.rst].
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace spore::wire::erofs {

inline constexpr u64 superblock_offset = 1024;
inline constexpr u32 superblock_magic = 0xe0f5'e1e2;
inline constexpr u64 block_size = 4096;
inline constexpr unsigned block_bits = 12;
/// Inodes lie in slots of this size; their number (nid) counts slots from the start of the metadata.
inline constexpr u64 slot_size = 32;
/// A block address that stands for zeros.
inline constexpr u32 hole_address = 0xffff'ffff;

struct RawSuperblock {
    le32 magic;
    le32 checksum;
    le32 compatible_features;
    u8 block_bits;
    u8 extension_slots;
    le16 root_nid;
    le64 inodes;
    le64 build_seconds;
    le32 build_nanoseconds;
    le32 blocks;
    le32 metadata_block;
    le32 attribute_block;
    u8 uuid[16];
    u8 volume_name[16];
    le32 incompatible_features;
    le16 compression;
    le16 extra_devices;
    le16 device_table_slot;
    u8 directory_block_bits;
    u8 reserved[37];
};
static_assert(sizeof(RawSuperblock) == 128 && alignof(RawSuperblock) == 1);

/// Features that an image cannot be read without; only this one is known here.
inline constexpr u32 feature_chunked_file = 0x4;

/// A checked superblock.
struct Superblock {
    u64 size;              ///< bytes of the image that hold anything
    u64 metadata_offset;   ///< of slot 0
    u64 attribute_offset;  ///< of shared attributes
    u64 root_nid;
    u64 inodes;
    i64 build_seconds;
    u32 build_nanoseconds;
};

/// From the image's first block. corrupt when it is none; not_supported when it needs what is not here (compression, other block sizes,
/// several devices).
Result<Superblock> parse_superblock(ByteSpan first_block, u64 image_size);

}  // namespace spore::wire::erofs
