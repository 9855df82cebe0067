#include "wire/ext4/inode.hpp"

#include <algorithm>

namespace spore::wire::ext4 {
namespace {

constexpr u8 type_fifo = 1, type_character = 2, type_directory = 4, type_block = 6, type_regular = 8, type_link = 10, type_socket = 12;

bool is_type(u8 type) {
    for (u8 known : {type_fifo, type_character, type_directory, type_block, type_regular, type_link, type_socket})
        if (type == known) return true;
    return false;
}

/// The two low bits of the further field extend the seconds, the others are nanoseconds.
InodeTime time_of(u32 seconds, u32 extra) {
    return {static_cast<i64>(static_cast<i32>(seconds)) + (i64{extra & 3} << 32), std::min(extra >> 2, 999'999'999u)};
}
u32 extra_of_time(InodeTime time) {
    return static_cast<u32>(((time.seconds - static_cast<i32>(time.seconds)) >> 32) & 3) | time.nanoseconds << 2;
}

bool has_high_checksum(const Superblock& super, u16 extra) { return super.inode_size > small_inode && extra >= 4; }

u32 own_checksum(const Superblock& super, u32 number, ByteSpan bytes, u16 extra) {
    auto& raw = *reinterpret_cast<const RawInode*>(bytes.data());  // of which the first half is looked at
    constexpr std::byte zeros[2]{};
    constexpr u32 low = offsetof(RawInode, checksum_low), high = offsetof(RawInode, checksum_high);
    u32 value = inode_seed(super, number, raw.generation);
    value = checksum(value, bytes.first(low));
    value = checksum(value, zeros);
    if (super.inode_size == small_inode) return checksum(value, bytes.subspan(low + 2, small_inode - low - 2));
    value = checksum(value, bytes.subspan(low + 2, high - low - 2));
    bool skips = has_high_checksum(super, extra);
    value = checksum(value, skips ? ByteSpan(zeros) : bytes.subspan(high, 2));
    return checksum(value, bytes.subspan(high + 2, super.inode_size - high - 2));
}

/// Whether `extra` bytes beyond the first 128 hold the field that ends at `end`.
bool holds(u16 extra, std::size_t end) { return small_inode + extra >= end; }
#define SPORE_HOLDS(extra, field) holds(extra, offsetof(RawInode, field) + sizeof(RawInode::field))

}  // namespace

u16 extra_of(ByteSpan inode) { return inode.size() > small_inode ? u16{view_at<RawInode>(inode, 0)->extra} : u16{0}; }

Result<InodeInfo> parse_inode(const Superblock& super, u32 number, ByteSpan bytes) {
    // A small one is padded, so that all fields can be looked at.
    std::byte padded[sizeof(RawInode)]{};
    std::copy_n(bytes.begin(), std::min(bytes.size(), sizeof padded), padded);
    auto& raw = *view_at<RawInode>(padded, 0);
    u16 extra = extra_of(bytes);
    if (extra % 4 != 0 || extra > bytes.size() - small_inode) return fail(Error::corrupt);
    if (super.checksums) {
        u32 expected = own_checksum(super, number, bytes, extra), stored = raw.checksum_low;
        if (has_high_checksum(super, extra)) stored |= u32{raw.checksum_high} << 16;
        else expected &= 0xffff;
        if (stored != expected) return fail(Error::corrupt);
    }
    InodeInfo info{};
    info.type = static_cast<u8>(raw.mode >> 12);
    info.permissions = raw.mode & 07777;
    info.links = raw.links;
    info.uid = raw.uid_low | u32{raw.uid_high} << 16;
    info.gid = raw.gid_low | u32{raw.gid_high} << 16;
    info.flags = raw.flags;
    info.generation = raw.generation;
    info.size = raw.size_low;
    if (info.type == type_regular) info.size |= u64{raw.size_high} << 32;
    info.blocks = raw.blocks_low | u64{raw.blocks_high} << 32;
    if (info.flags & inode_flag::huge) info.blocks *= block_size / 512;
    info.attribute_block = raw.attributes_low | u64{raw.attributes_high} << 32;
    info.accessed = time_of(raw.accessed, SPORE_HOLDS(extra, accessed_extra) ? u32{raw.accessed_extra} : 0);
    info.changed = time_of(raw.changed, SPORE_HOLDS(extra, changed_extra) ? u32{raw.changed_extra} : 0);
    info.modified = time_of(raw.modified, SPORE_HOLDS(extra, modified_extra) ? u32{raw.modified_extra} : 0);
    if (SPORE_HOLDS(extra, created_extra)) info.created = time_of(raw.created, raw.created_extra);
    std::ranges::copy(raw.map, info.map);
    if (!is_type(info.type) || info.attribute_block >= super.blocks) return fail(Error::corrupt);
    constexpr u64 most = ~u64{0} >> 1;
    if (info.size > most) return fail(Error::corrupt);
    if (info.type == type_directory && info.size % block_size != 0) return fail(Error::corrupt);
    if (info.type == type_link && (info.size == 0 || info.size >= block_size)) return fail(Error::corrupt);
    if (info.flags & inode_flag::inline_data) return fail(Error::not_supported);
    return info;
}

void seal_inode(const Superblock& super, u32 number, MutableByteSpan bytes) {
    if (!super.checksums) return;
    auto& raw = *reinterpret_cast<RawInode*>(bytes.data());
    u16 extra = extra_of(bytes);
    u32 value = own_checksum(super, number, bytes, extra);
    raw.checksum_low = static_cast<u16>(value);
    if (has_high_checksum(super, extra)) raw.checksum_high = static_cast<u16>(value >> 16);
}

void write_inode(const Superblock& super, u32 number, const InodeInfo& info, MutableByteSpan bytes) {
    auto& raw = *reinterpret_cast<RawInode*>(bytes.data());
    u16 extra = extra_of(bytes);
    raw.mode = static_cast<u16>(info.type << 12 | info.permissions);
    raw.links = info.links;
    raw.uid_low = static_cast<u16>(info.uid), raw.uid_high = static_cast<u16>(info.uid >> 16);
    raw.gid_low = static_cast<u16>(info.gid), raw.gid_high = static_cast<u16>(info.gid >> 16);
    raw.generation = info.generation;
    raw.size_low = static_cast<u32>(info.size), raw.size_high = static_cast<u32>(info.size >> 32);
    u64 blocks = info.blocks;
    u32 flags = info.flags & ~inode_flag::huge;
    if (blocks >> 48) blocks /= block_size / 512, flags |= inode_flag::huge;
    raw.flags = flags;
    raw.blocks_low = static_cast<u32>(blocks), raw.blocks_high = static_cast<u16>(blocks >> 32);
    raw.attributes_low = static_cast<u32>(info.attribute_block), raw.attributes_high = static_cast<u16>(info.attribute_block >> 32);
    raw.accessed = static_cast<u32>(info.accessed.seconds);
    raw.changed = static_cast<u32>(info.changed.seconds);
    raw.modified = static_cast<u32>(info.modified.seconds);
    if (bytes.size() > small_inode) {
        if (SPORE_HOLDS(extra, accessed_extra)) raw.accessed_extra = extra_of_time(info.accessed);
        if (SPORE_HOLDS(extra, changed_extra)) raw.changed_extra = extra_of_time(info.changed);
        if (SPORE_HOLDS(extra, modified_extra)) raw.modified_extra = extra_of_time(info.modified);
        if (SPORE_HOLDS(extra, created_extra)) {
            raw.created = static_cast<u32>(info.created.seconds);
            raw.created_extra = extra_of_time(info.created);
        }
    }
    std::ranges::copy(info.map, raw.map);
    seal_inode(super, number, bytes);
}

void clear_inode(const Superblock& super, MutableByteSpan bytes) {
    std::memset(bytes.data(), 0, bytes.size());
    if (bytes.size() > small_inode)
        reinterpret_cast<RawInode*>(bytes.data())->extra = std::min<u16>(static_cast<u16>(super.extra_size & ~3u), static_cast<u16>(bytes.size() - small_inode));
}

u32 deleted_of(ByteSpan bytes) { return reinterpret_cast<const RawInode*>(bytes.data())->deleted; }

void set_deleted(const Superblock& super, u32 number, u32 value, MutableByteSpan bytes) {
    reinterpret_cast<RawInode*>(bytes.data())->deleted = value;
    seal_inode(super, number, bytes);
}

u64 device_of(const std::byte* map) {
    auto* numbers = reinterpret_cast<const le32*>(map);
    return numbers[0] ? u32{numbers[0]} : u32{numbers[1]};
}

void store_device(std::byte* map, u64 device) {
    auto* numbers = reinterpret_cast<le32*>(map);
    bool is_short = device < 0x1'0000;  // what was there first has 16 bits
    numbers[0] = is_short ? static_cast<u32>(device) : 0;
    numbers[1] = is_short ? 0 : static_cast<u32>(device);
}

}  // namespace spore::wire::ext4
