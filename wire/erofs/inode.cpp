#include "wire/erofs/inode.hpp"

namespace spore::wire::erofs {
namespace {

constexpr u8 type_fifo = 1, type_character = 2, type_directory = 4, type_block = 6, type_regular = 8, type_link = 10, type_socket = 12;
constexpr u64 max_size = ~u64{0} >> 1;

bool has_contents(u8 type) { return type == type_directory || type == type_regular || type == type_link; }

Result<void> check_type(u8 type) {
    switch (type) {
    case type_fifo: case type_character: case type_directory: case type_block: case type_regular: case type_link: case type_socket: return {};
    default: return fail(Error::corrupt);
    }
}

/// Finds the contents, and checks that they lie inside of the image.
Result<void> place_contents(const Superblock& super, InodeInfo& info, u32 location, u64 after_attributes) {
    switch (info.layout) {
    case Layout::inline_tail: {
        // The tail must not cross a block [erofs.rst].
        info.tail_offset = after_attributes;
        u64 tail = info.tail_size();
        if (tail != 0 && after_attributes % block_size + tail > block_size) return fail(Error::corrupt);
        if (after_attributes + tail > super.size) return fail(Error::corrupt);
        info.first_block = location;
        u64 whole = info.size / block_size;
        if (whole != 0 && (info.first_block + whole) * block_size > super.size) return fail(Error::corrupt);
        return {};
    }
    case Layout::plain:
        info.first_block = location;
        if (info.size != 0 && (info.first_block + info.blocks()) * block_size > super.size) return fail(Error::corrupt);
        return {};
    case Layout::chunks: {
        constexpr u32 bits_mask = 0x1f, with_indexes = 0x20;
        if (location & 0xffff & ~(bits_mask | with_indexes)) return fail(Error::not_supported);
        info.chunk_block_bits = location & bits_mask;
        info.chunk_entry_size = (location & with_indexes) ? 8 : 4;
        info.chunk_table = align_up(after_attributes, info.chunk_entry_size);
        u64 chunks = info.blocks() == 0 ? 0 : ((info.blocks() - 1) >> info.chunk_block_bits) + 1;
        if (info.chunk_table > super.size || chunks > (super.size - info.chunk_table) / info.chunk_entry_size)
            return fail(Error::corrupt);
        return {};
    }
    }
    return fail(Error::corrupt);
}

}  // namespace

Result<u64> inode_offset(const Superblock& super, u64 nid) {
    u64 room = super.size - super.metadata_offset;
    if (nid > (room - slot_size) / slot_size) return fail(Error::corrupt);
    return super.metadata_offset + nid * slot_size;
}

Result<InodeInfo> parse_inode(const Superblock& super, u64 offset, ByteSpan bytes) {
    const auto* compact = view_at<RawCompactInode>(bytes, 0);
    if (!compact) return fail(Error::corrupt);
    u16 format = compact->format;
    InodeInfo info{};
    u32 location = 0;
    u64 end = offset;
    if (format & 1) {
        const auto* extended = view_at<RawExtendedInode>(bytes, 0);
        if (!extended) return fail(Error::corrupt);
        info.size = extended->size;
        info.links = extended->links;
        info.uid = extended->uid;
        info.gid = extended->gid;
        info.modified_seconds = static_cast<i64>(u64{extended->modified_seconds});
        info.modified_nanoseconds = extended->modified_nanoseconds;
        location = extended->location;
        end += sizeof(RawExtendedInode);
    } else {
        info.size = compact->size;
        info.links = compact->links;
        info.uid = compact->uid;
        info.gid = compact->gid;
        info.modified_seconds = super.build_seconds;
        info.modified_nanoseconds = super.build_nanoseconds;
        location = compact->location;
        end += sizeof(RawCompactInode);
    }
    u16 mode = compact->mode;
    info.type = static_cast<u8>(mode >> 12);
    info.permissions = mode & 07777;
    TRY(check_type(info.type));
    unsigned layout = (format >> 1) & 7;
    if (layout == 1 || layout == 3) return fail(Error::not_supported);  // compressed
    if (layout > 4) return fail(Error::corrupt);
    info.layout = static_cast<Layout>(layout);
    if (info.modified_nanoseconds >= 1'000'000'000) return fail(Error::corrupt);

    // A header of 12 bytes counts as one, every further count is 4 bytes.
    u16 count = compact->attribute_count;
    info.attribute_offset = end;
    info.attribute_size = count == 0 ? 0 : 12 + (count - 1u) * 4;
    end += info.attribute_size;
    if (end > super.size) return fail(Error::corrupt);

    if (!has_contents(info.type)) {
        info.device = location;
        info.size = 0;
        return info;
    }
    if (info.size > max_size) return fail(Error::corrupt);
    if (info.type == type_link && info.size >= block_size) return fail(Error::corrupt);
    // Every entry of a directory takes room in the image.
    if (info.type == type_directory && info.size > super.size) return fail(Error::corrupt);
    TRY(place_contents(super, info, location, end));
    return info;
}

Result<u32> parse_chunk(ByteSpan entry) {
    if (entry.size() == 4) return u32{*view_at<le32>(entry, 0)};
    struct Index {
        le16 advice;
        le16 device;
        le32 block;
    };
    const auto* index = view_at<Index>(entry, 0);
    if (!index) return fail(Error::corrupt);
    if (index->device != 0) return fail(Error::not_supported);
    return u32{index->block};
}

}  // namespace spore::wire::erofs
