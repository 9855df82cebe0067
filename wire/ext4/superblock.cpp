#include "wire/ext4/superblock.hpp"

#include <algorithm>

namespace spore::wire::ext4 {

u32 superblock_checksum(const RawSuperblock& raw) {
    return checksum(checksum_start, bytes_of(raw).first(offsetof(RawSuperblock, checksum)));
}

void forgive_torn(RawSuperblock& raw, bool replayed) {
    u32 features = raw.incompatible;
    raw.incompatible = features ^ incompatible::recover;
    bool differs_in_mark = raw.checksum == superblock_checksum(raw);
    raw.incompatible = features;
    if (differs_in_mark || (!replayed && (features & incompatible::recover))) raw.checksum = superblock_checksum(raw);
}

Result<Superblock> parse_superblock(ByteSpan bytes, u64 device_bytes) {
    const auto* raw = view_at<RawSuperblock>(bytes, 0);
    if (!raw) return fail(Error::truncated);
    if (raw->magic != superblock_magic) return fail(Error::not_found);
    if (raw->revision != 1) return fail(Error::not_supported);
    Superblock super{};
    super.compatible = raw->compatible;
    super.incompatible = raw->incompatible;
    super.read_only_compatible = raw->read_only_compatible;
    super.checksums = super.read_only_compatible & read_only_compatible::checksums;
    if (super.checksums && raw->checksum != superblock_checksum(*raw)) return fail(Error::corrupt);
    if (super.incompatible & ~incompatible::known || !super.has(incompatible::filetype)) return fail(Error::not_supported);
    // 2 to the power of 10 + it.
    if (raw->log_block_size != 2 || raw->log_cluster_size != 2) return fail(raw->log_block_size > 6 ? Error::corrupt : Error::not_supported);
    super.blocks = u64{raw->blocks_low} | (super.has(incompatible::wide) ? u64{raw->blocks_high} << 32 : 0);
    super.blocks_per_group = raw->blocks_per_group;
    super.inodes_per_group = raw->inodes_per_group;
    super.inodes = raw->inodes;
    super.inode_size = raw->inode_size;
    super.first_inode = raw->first_inode;
    super.reserved_descriptor_blocks = raw->reserved_descriptor_blocks;
    super.descriptor_size = super.has(incompatible::wide) ? u16{raw->descriptor_size} : small_group;
    super.extra_size = raw->want_extra_size;
    constexpr u32 bits = block_size * 8;
    if (raw->first_data_block != 0 || super.blocks_per_group == 0 || super.blocks_per_group > bits || super.blocks_per_group % 8 != 0 ||
        super.inodes_per_group == 0 || super.inodes_per_group > bits || super.inodes_per_group % 8 != 0)
        return fail(Error::corrupt);
    if (super.inode_size < 128 || super.inode_size > block_size || (super.inode_size & (super.inode_size - 1))) return fail(Error::corrupt);
    if (super.descriptor_size < small_group || super.descriptor_size > 1024 || (super.descriptor_size & (super.descriptor_size - 1)) ||
        (super.has(incompatible::wide) && super.descriptor_size < sizeof(RawGroup)))
        return fail(Error::corrupt);
    if (super.first_inode < 11) return fail(Error::corrupt);
    constexpr u64 most_blocks = u64{1} << 48;
    if (super.blocks < 64 || super.blocks > most_blocks) return fail(Error::corrupt);
    if (super.blocks > device_bytes / block_size) return fail(Error::truncated);
    u64 groups = (super.blocks + super.blocks_per_group - 1) / super.blocks_per_group;
    if (groups * super.inodes_per_group != super.inodes) return fail(Error::corrupt);
    super.groups = static_cast<u32>(groups);
    if (u64{super.descriptor_blocks()} + 1 + super.reserved_descriptor_blocks > super.blocks_in(0)) return fail(Error::corrupt);
    super.seed = super.has(incompatible::checksum_seed) ? u32{raw->checksum_seed}
                                                        : checksum(checksum_start, std::as_bytes(std::span(raw->uuid)));
    constexpr u32 unsigned_characters = 2;
    super.unsigned_hash = raw->flags & unsigned_characters;
    super.hash_version = raw->hash_version;
    std::ranges::copy(raw->hash_seed, super.hash_seed);
    super.journal_inode = raw->journal_inode;
    return super;
}

bool Superblock::has_copy(u32 group) const {
    if (group <= 1 || !(read_only_compatible & read_only_compatible::sparse_super)) return true;
    for (u32 base : {3u, 5u, 7u}) {
        u64 power = base;
        while (power < group) power *= base;
        if (power == group) return true;
    }
    return false;
}

u16 Group::own_checksum() const {
    auto* begin = reinterpret_cast<const std::byte*>(raw_);
    constexpr u32 at = offsetof(RawGroup, checksum), behind = at + sizeof(le16);
    constexpr std::byte zeros[2]{};
    u32 value = checksum_number(super_.seed, number_);
    value = checksum(value, {begin, at});
    value = checksum(value, zeros);
    return static_cast<u16>(checksum(value, {begin + behind, std::size_t{super_.descriptor_size} - behind}));
}

bool Group::is_sound() const {
    if (super_.checksums && raw_->checksum != own_checksum()) return false;
    u64 table = (u64{super_.inodes_per_group} * super_.inode_size + block_size - 1) / block_size;
    auto lies_inside = [&](u64 first, u64 count) { return first != 0 && first < super_.blocks && count <= super_.blocks - first; };
    return lies_inside(block_bitmap(), 1) && lies_inside(inode_bitmap(), 1) && lies_inside(inode_table(), table) &&
           free_blocks() <= super_.blocks_in(number_) && free_inodes() <= super_.inodes_per_group && unused_inodes() <= super_.inodes_per_group;
}

bool Group::matches(ByteSpan part, u16 low, const le16& high) const {
    if (!super_.checksums) return true;
    u32 value = checksum(super_.seed, part);
    return low == static_cast<u16>(value) && (!wide() || high == static_cast<u16>(value >> 16));
}

bool Group::block_bitmap_matches(ByteSpan bitmap) const {
    return matches(bitmap.first(super_.blocks_per_group / 8), raw_->block_checksum_low, raw_->block_checksum_high);
}

bool Group::inode_bitmap_matches(ByteSpan bitmap) const {
    return matches(bitmap.first(super_.inodes_per_group / 8), raw_->inode_checksum_low, raw_->inode_checksum_high);
}

void Group::set_block_bitmap_checksum(ByteSpan bitmap) {
    if (super_.checksums) set(raw_->block_checksum_low, raw_->block_checksum_high, checksum(super_.seed, bitmap.first(super_.blocks_per_group / 8)));
    set_checksum();
}

void Group::set_inode_bitmap_checksum(ByteSpan bitmap) {
    if (super_.checksums) set(raw_->inode_checksum_low, raw_->inode_checksum_high, checksum(super_.seed, bitmap.first(super_.inodes_per_group / 8)));
    set_checksum();
}

}  // namespace spore::wire::ext4
