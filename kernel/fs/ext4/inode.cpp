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

Ext4Inode::~Ext4Inode() {
    owner().inodes().remove(*this);
    if (orphan_) owner().orphan_unused(*orphan_.release());
}

Result<void> Ext4Inode::prepare_store() {
    owner().journal().modify(TRY(owner().place_of(ino())).block);
    return {};
}

Result<void> Ext4Inode::store() {
    auto place = TRY(owner().place_of(ino()));
    owner().journal().modify(place.block);
    unstored_.store(false, std::memory_order_relaxed);
    is_safe_after(owner().journal().current());
    auto stored_time = [](FileTime time) { return InodeTime{time.seconds, time.nanoseconds}; };
    info_.size = size_to_store();
    attributes_.with([&](Stat& s) {
        s.blocks = info_.blocks;
        info_.permissions = s.permissions;
        info_.links = static_cast<u16>(s.links);
        info_.uid = s.uid, info_.gid = s.gid;
        info_.accessed = stored_time(s.accessed), info_.modified = stored_time(s.modified);
        info_.changed = stored_time(s.changed), info_.created = stored_time(s.created);
    });
    write_inode(owner().super(), ino(), info_, place.bytes);
    return {};
}

Result<void> Ext4Inode::write_back(bool data_only) {
    if (data_only || !unstored_.load(std::memory_order_relaxed)) return {};
    auto handle = TRY(owner().begin(Ext4FileSystem::few_credits));
    Guard guard(owner().tree());
    return store();
}

Result<void> Ext4Inode::sync(bool data_only) {
    if (owner().journal().aborted()) return fail(Error::io);
    if (owner().read_only()) return {};
    TRY(write_back(data_only));
    return owner().journal().commit(safe_after_.load(std::memory_order_relaxed));
}

Result<void> Ext4Inode::change(const AttributeChange& change) {
    auto handle = TRY(owner().begin(Ext4FileSystem::few_credits));
    Guard guard(owner().tree());
    TRY(prepare_store());
    TRY(Inode::change(change));
    return store();
}

void Ext4Inode::stamp_modified() {
    auto now = current_time();
    attributes_.with([&](Stat& s) { s.modified = s.changed = now; });
    if (!unstored_.exchange(true, std::memory_order_relaxed)) owner().note_changed(*this);
}

void Ext4Inode::stamp_changed() {
    auto now = current_time();
    attributes_.with([&](Stat& s) { s.changed = now; });
}

/// As if mounted with relatime: once after each change.
void Ext4Inode::note_access() {
    if (owner().read_only()) return;
    auto now = current_time();
    bool noted = attributes_.with([&](Stat& s) {
        if (s.accessed > s.modified && s.accessed > s.changed) return false;
        s.accessed = now;
        return true;
    });
    if (noted && !unstored_.exchange(true, std::memory_order_relaxed)) owner().note_changed(*this);
}

Result<void> Ext4Inode::prepare_unlink() { return links() > 1 ? prepare_store() : prepare_unlink_directory(); }

/// All its names go at once.
Result<void> Ext4Inode::prepare_unlink_directory() {
    TRY(prepare_store());
    if (!orphan_) {
        orphan_ = TRY(make_owned<Orphan>());
        orphan_->number = ino();
    }
    return {};
}

void Ext4Inode::set_links(u32 links) {
    attributes_.with([&](Stat& s) { s.links = links; });
    stamp_changed();
}

Result<void> Ext4Inode::check_more_links() {
    constexpr u32 most = 65'000;
    if (links() >= most && !is_directory()) return fail(Error::too_many_links);
    return {};
}

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
