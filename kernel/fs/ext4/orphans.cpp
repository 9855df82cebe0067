// Files without names, and their end. The disk has a list of them: the superblock names the first, and each inode the next.
#include <algorithm>

#include "kernel/fs/ext4/extents.hpp"

namespace spore::fs::ext4 {

using namespace wire::ext4;

Result<void> Ext4FileSystem::set_first_orphan(u32 number) {
    auto block = TRY(disk_.get(0));
    auto& raw = *reinterpret_cast<RawSuperblock*>(block.bytes().data() + superblock_offset);
    journal_.modify(block);
    raw.last_orphan = number;
    if (super_.checksums) raw.checksum = superblock_checksum(raw);
    return {};
}

Result<void> Ext4FileSystem::add_orphan(Orphan& orphan) {
    auto place = TRY(place_of(orphan.number));
    journal_.modify(place.block);
    u32 next = orphans_.empty() ? 0 : orphans_.first()->number;
    TRY(set_first_orphan(orphan.number));
    set_deleted(super_, orphan.number, next, place.bytes);
    orphans_.push_front(orphan);
    return {};
}

Result<void> Ext4FileSystem::remove_orphan(Orphan& orphan) {
    auto* after = orphans_.next(orphan);
    u32 next = after ? after->number : 0;
    if (orphans_.first() == &orphan) {
        TRY(set_first_orphan(next));
    } else {
        auto* before = orphan.link.previous;
        auto place = TRY(place_of(before->number));
        journal_.modify(place.block);
        set_deleted(super_, before->number, next, place.bytes);
    }
    orphans_.remove(orphan);
    return {};
}

void Ext4FileSystem::orphan_unused(Orphan& orphan) {
    // It may never have got on the list: what was to remove its last name failed.
    if (!orphan.link.linked) {
        delete &orphan;
        return;
    }
    Guard guard(orphan_lock_);
    orphan.unused = true;
    unused_orphans_.fetch_add(1, std::memory_order_release);
}

Result<void> Ext4FileSystem::delete_unused() {
    Guard one_at_a_time(deletion_mutex_);
    while (unused_orphans_.load(std::memory_order_acquire) != 0) {
        Orphan* found = nullptr;
        {
            Guard guard(tree_);
            Guard spin(orphan_lock_);
            for (auto& orphan : orphans_)
                if (orphan.unused) found = &orphan;
        }
        if (!found) break;
        Shared<Ext4Inode> inode;
        {
            Guard guard(tree_);
            auto info = TRY(parse_inode(super_, found->number, TRY(place_of(found->number)).bytes));
            inode = TRY(make_shared<Ext4Inode>(*this, found->number, info));
        }
        TRY(delete_orphan(*found, std::move(inode)));
    }
    return {};
}

/// At the end, files without names go though somebody has them open, or is in them: they read as empty from here on.
Result<void> Ext4FileSystem::delete_used() {
    {
        Guard guard(tree_);
        if (orphans_.empty()) return {};
    }
    // Whoever began to change something before has done it then.
    TRY(journal_.commit(journal_.current()));
    {
        Guard one_at_a_time(deletion_mutex_);
        unsigned bucket = 0;
        for (auto inode = inodes_.next<Ext4Inode>(bucket, nullptr); inode; inode = inodes_.next<Ext4Inode>(bucket, inode.get())) {
            Orphan* orphan = nullptr;
            {
                Guard guard(tree_);
                if (inode->orphan_ && inode->orphan_->link.linked) orphan = inode->orphan_.release();
            }
            if (!orphan) continue;
            orphan_unused(*orphan);
            TRY(delete_orphan(*orphan, inode));
        }
    }
    return delete_unused();  // that nobody had any more meanwhile
}

/// `inode` is its file.
Result<void> Ext4FileSystem::delete_orphan(Orphan& orphan, Shared<Ext4Inode> inode) {
    bool deleted = inode->links() == 0, is_directory = inode->is_directory();
    u64 kept = deleted ? 0 : (inode->size() + block_size - 1) / block_size;
    constexpr unsigned steps = 4;
    for (bool done = !inode->has_extents() || kept >> 32; !done;) {
        auto handle = TRY(Journal::Handle::begin(journal_, usual_credits));
        Guard guard(tree_);
        TRY(inode->prepare_store());
        auto removed = ExtentTree(*inode).remove(static_cast<u32>(kept), u64{1} << 32, steps);
        TRY(inode->store());
        done = TRY(removed);
    }
    auto handle = TRY(Journal::Handle::begin(journal_, usual_credits));
    Guard guard(tree_);
    if (deleted) {
        TRY(allocator_.prepare_inode(orphan.number));
        TRY(inode->release_attribute_block());
        TRY(inode->store());
    }
    TRY(remove_orphan(orphan));
    if (deleted) {
        allocator_.free_inode(orphan.number, is_directory);
        auto place = TRY(place_of(orphan.number));
        // Whatever the clock says, no inode's number: that would be a link of the list.
        set_deleted(super_, orphan.number, std::max(super_.inodes + 1, static_cast<u32>(current_time().seconds)), place.bytes);
    } else {
        auto place = TRY(place_of(orphan.number));
        journal_.modify(place.block);
        set_deleted(super_, orphan.number, 0, place.bytes);
    }
    unused_orphans_.fetch_sub(1, std::memory_order_relaxed);
    delete &orphan;
    return {};
}

/// After a crash: nobody uses any of them.
Result<void> Ext4FileSystem::load_orphans() {
    Guard guard(tree_);
    auto first = TRY(disk_.get(0));
    u32 number = reinterpret_cast<const RawSuperblock*>(first.bytes().data() + superblock_offset)->last_orphan;
    for (u32 count = 0; number != 0; ++count) {
        if (count == super_.inodes || number < super_.first_inode) return fail(Error::corrupt);
        auto place = TRY(place_of(number));
        TRY(parse_inode(super_, number, place.bytes));
        auto orphan = TRY(make_owned<Orphan>());
        orphan->number = number;
        orphan->unused = true;
        number = deleted_of(place.bytes);
        orphans_.push_back(*orphan.release());
        unused_orphans_.fetch_add(1, std::memory_order_relaxed);
    }
    return {};
}

}  // namespace spore::fs::ext4
