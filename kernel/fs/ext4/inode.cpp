#include "kernel/fs/ext4/inode.hpp"

#include <algorithm>

#include "kernel/fs/ext4/extents.hpp"
#include "wire/ext4/attributes.hpp"

namespace spore::fs::ext4 {

using namespace wire::ext4;

namespace {
FileTime time_of(InodeTime time) { return {time.seconds, time.nanoseconds}; }
}  // namespace

Ext4Inode::Ext4Inode(Ext4FileSystem& file_system, u32 number, const InodeInfo& info)
    : TabledInode(file_system, number, static_cast<FileType>(info.type)), info_(info) {
    bool is_device = type() == FileType::character || type() == FileType::block;
    attributes_.unguarded() = Stat{.special = is_device ? device_of(info.map) : 0, .permissions = info.permissions, .links = info.links,
                                   .uid = info.uid, .gid = info.gid, .blocks = info.blocks, .accessed = time_of(info.accessed),
                                   .modified = time_of(info.modified), .changed = time_of(info.changed), .created = time_of(info.created)};
    size_.store(info.size, std::memory_order_relaxed);
}

Ext4Inode::~Ext4Inode() { owner().inodes().remove(*this); }

Result<Mapping> Ext4Inode::map(u64 block) {
    if (block >> 32) return fail(Error::too_big);
    return has_extents() ? ExtentTree(*this).find(static_cast<u32>(block)) : map_by_blocks(block);
}

/// As ext2 did: twelve blocks, then one block, two and three levels of blocks of their numbers.
Result<Mapping> Ext4Inode::map_by_blocks(u64 block) {
    constexpr u64 direct = 12, in_block = block_size / sizeof(le32);
    u32 at;
    unsigned levels = 0;
    if (block < direct) {
        at = reinterpret_cast<const le32*>(info_.map)[block];
    } else {
        block -= direct;
        u64 covered = in_block;
        for (levels = 1; block >= covered; ++levels, covered *= in_block) {
            if (levels == 3) return fail(Error::too_big);
            block -= covered;
        }
        at = reinterpret_cast<const le32*>(info_.map)[direct + levels - 1];
    }
    for (; levels > 0 && at != 0; --levels) {
        auto below = TRY(owner().disk().get(at));
        u64 step = 1;
        for (unsigned i = 1; i < levels; ++i) step *= in_block;
        at = *view_at<le32>(below.bytes(), block / step % in_block * sizeof(le32));
    }
    if (at >= owner().super().blocks) return fail(Error::corrupt);
    return Mapping{at ? Mapping::Kind::written : Mapping::Kind::hole, at, 1};
}

Result<std::string_view> Ext4Inode::link_target() {
    if (type() != FileType::link) return fail(Error::invalid);
    if (!target_loaded_.load(std::memory_order_acquire)) {
        Text text;
        {
            Guard guard(owner().tree());
            // A short one lies where the map would.
            if (size() < map_size && !has_extents()) {
                text = TRY(Text::copy(ByteSpan(info_.map, size())));
            } else {
                auto where = TRY(map(0));
                if (where.kind != Mapping::Kind::written || size() >= block_size) return fail(Error::corrupt);
                text = TRY(Text::copy(TRY(owner().disk().get(where.start)).bytes().first(size())));
            }
        }
        if (text.view().find('\0') != std::string_view::npos) return fail(Error::corrupt);
        target_.with([&](Text& target) {
            if (target.empty()) target = std::move(text);
        });
        target_loaded_.store(true, std::memory_order_release);  // pairs with the load above
    }
    return target_.unguarded().view();  // once it is set it stays
}

}  // namespace spore::fs::ext4
