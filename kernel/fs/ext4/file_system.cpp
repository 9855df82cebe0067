#include "kernel/fs/ext4/file_system.hpp"

#include <algorithm>

#include "kernel/core/log.hpp"
#include "kernel/core/panic.hpp"
#include "kernel/fs/ext4/directory.hpp"
#include "kernel/fs/ext4/file.hpp"
#include "kernel/task/thread.hpp"
#include "kernel/time/timer.hpp"

namespace spore::fs::ext4 {

using namespace wire::ext4;

namespace {

/// The first block of the volume.
Result<memory::FrameRef> read_first(device::BlockDevice& device) {
    if (device.sectors() < block_size / device::sector_size) return fail(Error::not_found);
    auto frame = memory::FrameRef::adopt(TRY(memory::allocate_frames()));
    device::TransferPiece piece{frame.address(), block_size};
    TRY(device.read(0, {&piece, 1}));
    return frame;
}

RawSuperblock& super_in(const Block& first) { return *reinterpret_cast<RawSuperblock*>(first.bytes().data() + superblock_offset); }

}  // namespace

Result<Identity> identify(device::BlockDevice& device) {
    auto first = TRY(read_first(device));
    auto& raw = super_in(Block(first));
    if (raw.magic != superblock_magic) return fail(Error::not_found);
    Identity identity{};
    std::ranges::copy(raw.uuid, identity.uuid);
    std::ranges::copy(raw.label, identity.label);
    return identity;
}

Result<void> Ext4FileSystem::read_superblock(bool replayed) {
    auto first = TRY(read_first(disk_.device()));
    auto& raw = *reinterpret_cast<RawSuperblock*>(first.bytes() + superblock_offset);
    forgive_torn(raw, replayed);
    has_errors_ = raw.state & state::errors;
    super_ = TRY(parse_superblock(bytes_of(raw), disk_.device().sectors() * device::sector_size));
    return {};
}

Result<Shared<Ext4FileSystem>> Ext4FileSystem::mount(device::BlockDevice& device, bool read_only) {
    auto made = TRY(make_shared<Ext4FileSystem>(device));
    TRY(made->read_superblock(false));
    auto& super = made->super_;
    bool recovers = super.has(incompatible::recover), has_journal = super.compatible & compatible::journal;
    if (recovers && !has_journal) return fail(Error::corrupt);
    Result<void> opened = fail(Error::not_supported);
    if (has_journal) opened = made->open_journal();
    if (recovers) {
        TRY(opened);
        if (made->journal_.needs_replay()) {
            if (device.read_only()) return fail(Error::read_only);
            TRY(made->journal_.replay());
        }
    }
    TRY(made->read_superblock(true));
    if (!TRY(made->root())->is_directory()) return fail(Error::corrupt);
    read_only |= device.read_only() || !opened || (super.read_only_compatible & ~read_only_compatible::known) != 0 ||
                 (super.compatible & compatible::sparse_super2) || made->has_errors_;
    if (read_only) return made;
    {
        Guard guard(made->tree_);
        TRY(made->allocator_.start());
    }
    TRY(made->write_mark(true));
    TRY(made->journal_.start(super.checksums, super.has(incompatible::wide)));
    TRY(made->load_orphans());
    TRY(made->delete_unused());
    return made;
}

Ext4FileSystem::~Ext4FileSystem() {
    if (!unmount()) core::error("ext4: what was changed last could not be written");
    // What could not be written is lost.
    while (auto* inode = changed_first_) {
        changed_first_ = inode->next_changed_;
        Shared<Ext4Inode>::adopt(inode).reset();
    }
    while (auto* orphan = orphans_.pop_front()) delete orphan;
}

Result<void> Ext4FileSystem::unmount() {
    {
        Guard guard(writer_lock_);
        writer_stops_ = true;
        writer_wakes_.wake_all();
        while (writer_runs_) MUST(writer_wakes_.wait(writer_lock_, sync::Interruptible::no), "neither a signal nor a deadline can end this wait");
    }
    if (!journal_.started()) return {};
    write_back_all();
    auto deleted = delete_unused();
    ends_.store(true, std::memory_order_release);
    if (deleted) deleted = delete_used();
    if (allocator_.has_pending()) (void)journal_.commit(journal_.current());  // stop() says it
    discard_freed();
    TRY(journal_.stop());
    TRY(write_mark(false));
    return deleted;
}

Result<void> Ext4FileSystem::start_writing() {
    if (!journal_.started()) return {};
    auto thread = TRY(task::Thread::create("write back", [](void* self) { static_cast<Ext4FileSystem*>(self)->write_regularly(); }, this));
    {
        Guard guard(writer_lock_);
        writer_runs_ = true;
    }
    task::start(std::move(thread));
    return {};
}

void Ext4FileSystem::write_regularly() {
    constexpr Duration interval = Duration::ms(5000);
    while (true) {
        {
            Guard guard(writer_lock_);
            if (!writer_stops_) (void)writer_wakes_.wait(writer_lock_, sync::Interruptible::no, time::now() + interval);
            if (writer_stops_) break;
        }
        if (read_only()) continue;
        (void)sync();
        discard_freed();
    }
    Guard guard(writer_lock_);
    writer_runs_ = false;
    writer_wakes_.wake_all();
}

/// Whether the journal is needed: in place, while it is empty. Nothing else is changed.
Result<void> Ext4FileSystem::write_mark(bool needed) {
    Guard guard(tree_);
    auto block = TRY(disk_.get(0));
    auto& raw = super_in(block);
    raw.incompatible = needed ? raw.incompatible | incompatible::recover : raw.incompatible & ~incompatible::recover;
    if (super_.checksums) raw.checksum = superblock_checksum(raw);
    device::TransferPiece piece{memory::address_of(block.frame()), block_size};
    TRY(disk_.write(0, {&piece, 1}));
    return disk_.flush();
}

/// With each transaction: how much is free, when the volume was mounted and written.
void Ext4FileSystem::count_in_super() {
    auto block = disk_.get(0);
    if (!block) return;  // another time; the groups know
    auto& raw = super_in(*block);
    u64 blocks = allocator_.unused_blocks();
    u32 inodes = allocator_.unused_inodes();
    if (!newly_mounted_ && raw.free_blocks_low == static_cast<u32>(blocks) && raw.free_blocks_high == blocks >> 32 && raw.free_inodes == inodes) return;
    journal_.modify(*block);
    raw.free_blocks_low = static_cast<u32>(blocks), raw.free_blocks_high = static_cast<u32>(blocks >> 32);
    raw.free_inodes = inodes;
    raw.write_time = static_cast<u32>(current_time().seconds);
    if (std::exchange(newly_mounted_, false)) {
        raw.mount_time = raw.write_time;
        raw.mounts = static_cast<u16>(raw.mounts + 1);
    }
    if (super_.checksums) raw.checksum = superblock_checksum(raw);
}

Result<Journal::Handle> Ext4FileSystem::begin(u32 credits) {
    if (read_only()) return fail(Error::read_only);
    if (unused_orphans_.load(std::memory_order_acquire)) (void)delete_unused();  // another time, then
    constexpr i64 little = 256;
    if (allocator_.has_pending() && allocator_.available() < little) TRY(journal_.commit(journal_.current()));
    return Journal::Handle::begin(journal_, credits);
}

Result<void> Ext4FileSystem::make_space() {
    bool waits = unused_orphans_.load(std::memory_order_acquire);
    if (waits) TRY(delete_unused());
    if (!waits && !allocator_.has_pending()) return fail(Error::no_space);
    return journal_.commit(journal_.current());
}

void Ext4FileSystem::note_changed(Ext4Inode& inode) {
    if (inode.in_changed_.exchange(true, std::memory_order_acq_rel)) return;
    inode.retain();
    Guard guard(changed_lock_);
    inode.next_changed_ = nullptr;
    (changed_first_ ? changed_last_->next_changed_ : changed_first_) = &inode;
    changed_last_ = &inode;
}

void Ext4FileSystem::forget_changes(Ext4Inode& inode) {
    Guard guard(changed_lock_);
    Ext4Inode* before = nullptr;
    for (auto* at = changed_first_; at; before = at, at = at->next_changed_) {
        if (at != &inode) continue;
        (before ? before->next_changed_ : changed_first_) = at->next_changed_;
        if (changed_last_ == at) changed_last_ = before;
        inode.in_changed_.store(false, std::memory_order_release);
        // Whoever asks for this has a reference of its own.
        (void)inode.release();
        return;
    }
}

bool Ext4FileSystem::has_too_many_dirty() const {
    return dirty_pages_.load(std::memory_order_relaxed) > static_cast<i64>(memory::memory_use().total / page_size / 6);
}

void Ext4FileSystem::write_back_all() {
    Ext4Inode* list;
    {
        Guard guard(changed_lock_);
        list = std::exchange(changed_first_, nullptr);
        changed_last_ = nullptr;
    }
    while (list) {
        auto inode = Shared<Ext4Inode>::adopt(list);
        list = inode->next_changed_;
        inode->in_changed_.store(false, std::memory_order_release);
        if (inode->links() == 0 && inode->owners() == 1) continue;  // nobody will see it
        if (!inode->write_back(false) && !read_only()) note_changed(*inode);
    }
}

Result<void> Ext4FileSystem::sync() {
    if (journal_.aborted()) return fail(Error::io);
    if (!journal_.started()) return {};
    write_back_all();
    TRY(delete_unused());
    return journal_.commit(journal_.current());
}

void Ext4FileSystem::before_commit() {
    Guard guard(tree_);
    allocator_.before_commit();
    count_in_super();
}

Result<void> Ext4FileSystem::open_journal() {
    auto inode = TRY(this->inode(super_.journal_inode));
    if (inode->type() != FileType::regular) return fail(Error::corrupt);
    JournalRun runs[64];
    std::size_t count = 0;
    u64 end = std::min<u64>(inode->size() / block_size, ~u32{0});
    Guard guard(tree_);
    for (u64 at = 0; at < end;) {
        auto where = TRY(inode->map(at));
        if (where.kind != Mapping::Kind::written) return fail(Error::corrupt);
        u32 length = static_cast<u32>(std::min(where.length, end - at));
        if (count != 0 && runs[count - 1].start + runs[count - 1].length == where.start) {
            runs[count - 1].length += length;
        } else {
            if (count == std::size(runs)) return fail(Error::not_supported);
            runs[count++] = {static_cast<u32>(at), length, where.start};
        }
        at += length;
    }
    return journal_.open({runs, count}, super_.blocks);
}

Result<Shared<Inode>> Ext4FileSystem::root() { return TRY(inode(root_inode)); }

Result<FileSystemStat> Ext4FileSystem::stat() {
    u64 free_blocks = 0, free_inodes = 0;
    Guard guard(tree_);
    for (u32 i = 0; i < super_.groups; ++i) {
        auto place = TRY(group(i));
        free_blocks += place.group.free_blocks();
        free_inodes += place.group.free_inodes();
    }
    if (journal_.started()) free_blocks = allocator_.free_blocks();
    return FileSystemStat{.magic = superblock_magic, .blocks = super_.blocks, .free_blocks = free_blocks, .files = super_.inodes,
                          .free_files = free_inodes, .read_only = read_only()};
}

Result<Ext4FileSystem::GroupPlace> Ext4FileSystem::group(u32 number) {
    u32 in_block = block_size / super_.descriptor_size;
    auto block = TRY(disk_.get(1 + number / in_block));
    auto* raw = reinterpret_cast<RawGroup*>(block.bytes().data() + number % in_block * super_.descriptor_size);
    Group group(raw, super_, number);
    if (block.kind() != BlockKind::other) {
        // All of them at once, so that it is known of the block.
        u32 first = number - number % in_block, end = std::min(first + in_block, super_.groups);
        for (u32 i = first; i < end; ++i)
            if (!Group(reinterpret_cast<RawGroup*>(block.bytes().data() + (i - first) * super_.descriptor_size), super_, i).is_sound())
                return fail(Error::corrupt);
        block.set_kind(BlockKind::other);
    }
    return GroupPlace{std::move(block), group};
}

Result<Ext4FileSystem::InodePlace> Ext4FileSystem::place_of(u32 number) {
    if (number == 0 || number > super_.inodes) return fail(Error::corrupt);
    auto place = TRY(group(super_.group_of_inode(number)));
    u64 offset = u64{(number - 1) % super_.inodes_per_group} * super_.inode_size;
    auto block = TRY(disk_.get(place.group.inode_table() + offset / block_size));
    auto bytes = block.bytes().subspan(offset % block_size, super_.inode_size);
    return InodePlace{std::move(block), bytes};
}

Result<Shared<Ext4Inode>> Ext4FileSystem::inode(u32 number) {
    if (auto found = inodes_.find<Ext4Inode>(number)) return found;
    Shared<Ext4Inode> made;
    {
        Guard guard(tree_);
        auto info = TRY(parse_inode(super_, number, TRY(place_of(number)).bytes));
        if (info.links == 0) return fail(Error::corrupt);
        made = TRY(make(number, info));
    }
    return inodes_.add(std::move(made));
}

Result<Shared<Ext4Inode>> Ext4FileSystem::make(u32 number, const InodeInfo& info) {
    switch (static_cast<FileType>(info.type)) {
    case FileType::regular: return TRY(make_shared<Ext4File>(*this, number, info));
    case FileType::directory: return TRY(make_shared<Ext4Directory>(*this, number, info));
    default: return make_shared<Ext4Inode>(*this, number, info);
    }
}

}  // namespace spore::fs::ext4
