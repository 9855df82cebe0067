#include "wire/erofs/superblock.hpp"

namespace spore::wire::erofs {

Result<Superblock> parse_superblock(ByteSpan first_block, u64 image_size) {
    const auto* raw = view_at<RawSuperblock>(first_block, superblock_offset);
    if (!raw || raw->magic != superblock_magic) return fail(Error::corrupt);
    if (raw->block_bits != block_bits || raw->directory_block_bits != 0) return fail(Error::not_supported);
    if (raw->incompatible_features & ~feature_chunked_file) return fail(Error::not_supported);
    if (raw->extra_devices != 0) return fail(Error::not_supported);
    Superblock super{
        .size = u64{raw->blocks} * block_size,
        .metadata_offset = u64{raw->metadata_block} * block_size,
        .attribute_offset = u64{raw->attribute_block} * block_size,
        .root_nid = raw->root_nid,
        .inodes = raw->inodes,
        .build_seconds = static_cast<i64>(u64{raw->build_seconds}),
        .build_nanoseconds = raw->build_nanoseconds,
    };
    if (super.size > image_size) return fail(Error::truncated);
    if (super.size < block_size || super.metadata_offset >= super.size || super.attribute_offset >= super.size)
        return fail(Error::corrupt);
    return super;
}

}  // namespace spore::wire::erofs
