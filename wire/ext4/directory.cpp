#include "wire/ext4/directory.hpp"

#include <algorithm>

namespace spore::wire::ext4 {
namespace {

/// Looks like an entry that is not in use.
struct RawTail {
    le32 inode;
    le16 size;
    u8 name_size, type;
    le32 checksum;
};
constexpr u8 tail_type = 0xde;
constexpr u32 tail_at = block_size - sizeof(RawTail);

constexpr u8 types[] = {0, 8, 4, 2, 6, 1, 12, 10};

bool is_tail(const RawTail& tail) {
    return tail.inode == 0 && tail.size == sizeof(RawTail) && tail.name_size == 0 && tail.type == tail_type;
}

}  // namespace

u8 entry_type(u8 type) {
    for (u8 i = 1; i < std::size(types); ++i)
        if (types[i] == type) return i;
    return 0;
}

u8 type_of_entry(u8 entry_type) { return entry_type < std::size(types) ? types[entry_type] : 0; }

Result<DirectoryBlock> DirectoryBlock::parse(const Superblock& super, MutableByteSpan bytes) {
    DirectoryBlock block(bytes.data(), super.checksums ? tail_at : block_size);
    if (super.checksums && !is_tail(*view_at<RawTail>(bytes, tail_at))) return fail(Error::corrupt);
    for (u32 offset = 0; offset != block.end_;) {
        if (block.end_ - offset < sizeof(RawEntry)) return fail(Error::corrupt);
        auto& entry = block.at(offset);
        u16 size = entry.size;
        if (size % 4 != 0 || size < needed(entry.inode ? std::max<u8>(entry.name_size, 1) : 0) || size > block.end_ - offset ||
            (entry.inode && entry.name_size == 0) || entry.inode > super.inodes)
            return fail(Error::corrupt);
        offset += size;
    }
    return block;
}

DirectoryBlock DirectoryBlock::make(const Superblock& super, MutableByteSpan bytes) {
    DirectoryBlock block(bytes.data(), super.checksums ? tail_at : block_size);
    block.at(0) = {};
    block.at(0).size = static_cast<u16>(block.end_);
    if (super.checksums) {
        auto& tail = *reinterpret_cast<RawTail*>(bytes.data() + tail_at);
        tail = {};
        tail.size = sizeof(RawTail);
        tail.type = tail_type;
    }
    return block;
}

bool DirectoryBlock::next(u32 offset, DirectoryEntry& found) const {
    for (u32 here = 0; here < end_; here += at(here).size) {
        auto& entry = at(here);
        if (here < offset || entry.inode == 0) continue;
        found = {entry.inode, type_of_entry(entry.type),
                 {reinterpret_cast<const char*>(bytes_ + here + sizeof(RawEntry)), entry.name_size}, static_cast<u16>(here)};
        return true;
    }
    return false;
}

bool DirectoryBlock::find(std::string_view name, DirectoryEntry& found) const {
    for (u32 here = 0; here < end_; here += at(here).size) {
        auto& entry = at(here);
        if (entry.inode == 0 || entry.name_size != name.size() || std::memcmp(bytes_ + here + sizeof(RawEntry), name.data(), name.size()) != 0) continue;
        return next(here, found);
    }
    return false;
}

bool DirectoryBlock::has_room(std::size_t name_size) const {
    for (u32 here = 0; here < end_; here += at(here).size)
        if (at(here).size - (at(here).inode ? needed(at(here).name_size) : 0) >= needed(name_size)) return true;
    return false;
}

bool DirectoryBlock::insert(u32 inode, u8 type, std::string_view name) {
    u32 wanted = needed(name.size());
    for (u32 here = 0; here < end_; here += at(here).size) {
        u32 used = at(here).inode ? needed(at(here).name_size) : 0, size = at(here).size;
        if (size - used < wanted) continue;
        if (used) at(here).size = static_cast<u16>(used);
        auto& entry = at(here + used);
        entry.inode = inode;
        entry.size = static_cast<u16>(size - used);
        entry.name_size = static_cast<u8>(name.size());
        entry.type = entry_type(type);
        std::memcpy(bytes_ + here + used + sizeof(RawEntry), name.data(), name.size());
        return true;
    }
    return false;
}

void DirectoryBlock::remove(u16 offset) {
    // The one before takes its place over.
    u32 before = 0;
    for (u32 here = 0; here < offset; here += at(here).size) before = here;
    if (offset != 0) at(before).size = static_cast<u16>(at(before).size + at(offset).size);
    at(offset).inode = 0;
}

void DirectoryBlock::set_inode(u16 offset, u32 inode, u8 type) {
    at(offset).inode = inode;
    at(offset).type = entry_type(type);
}

bool directory_block_matches(const Superblock& super, u32 seed, ByteSpan block) {
    if (!super.checksums) return true;
    return view_at<RawTail>(block, tail_at)->checksum == checksum(seed, block.first(tail_at));
}

void set_directory_block_checksum(const Superblock& super, u32 seed, MutableByteSpan block) {
    if (super.checksums) reinterpret_cast<RawTail*>(block.data() + tail_at)->checksum = checksum(seed, block.first(tail_at));
}

}  // namespace spore::wire::ext4
