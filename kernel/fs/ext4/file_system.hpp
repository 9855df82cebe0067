// ext4 with its journal. A volume has the features that mke2fs -t ext4 gives it, and blocks of 4 KiB.
//
// Metadata is changed in memory, under one mutex (the tree mutex), and written through the journal (journal.hpp). What programs write lies in the
// page caches of the files; it gets its place on the disk when it is written back, and is led to only after it was written. So that there is a
// place then, each such page is counted as used from the beginning.
//
// Order of locks, after those of fs/inode.hpp: a file's layout mutex; its contents mutex; a journal handle; the tree mutex; spin locks.
#pragma once

#include "kernel/fs/ext4/allocator.hpp"
#include "kernel/fs/ext4/discard.hpp"
#include "kernel/fs/ext4/journal.hpp"
#include "kernel/fs/inode_table.hpp"
#include "wire/ext4/inode.hpp"

namespace spore::fs::ext4 {

class Ext4Inode;

/// A file that is to be deleted, or cut to its size, whatever happens: the disk has a list of them, for after a crash.
struct Orphan {
    ListLink<Orphan> link;
    u32 number = 0;
    bool unused = false;  ///< nobody uses it any more; under the file system's orphan lock
};

struct Identity {
    u8 uuid[16];
    char label[17];  ///< ends with a zero
};
/// Which volume the device holds. not_found when there is no ext4 on it.
Result<Identity> identify(device::BlockDevice& device);

class Ext4FileSystem final : public FileSystem, private Journal::Client {
public:
    /// Puts in order what a crash has left. not_supported for volumes with unknown features; read-only when `read_only`, or it cannot be written.
    static Result<Shared<Ext4FileSystem>> mount(device::BlockDevice& device, bool read_only);
    explicit Ext4FileSystem(device::BlockDevice& device) : disk_(device), journal_(disk_, tree_, *this), allocator_(*this) {}
    ~Ext4FileSystem() override;

    /// Starts the thread that writes what programs have changed, every few seconds. Where there are threads.
    Result<void> start_writing();
    /// Writes everything and leaves the volume clean; read-only afterwards.
    Result<void> unmount();
    Result<void> close() override { return unmount(); }

    Result<Shared<Inode>> root() override;
    Result<FileSystemStat> stat() override;
    const char* kind() const override { return "ext4"; }
    bool read_only() const override { return !journal_.started() || journal_.aborted() || ends_.load(std::memory_order_acquire); }
    bool may_wait() const override { return true; }
    Result<void> sync() override;
    Result<u64> trim(u64 start, u64 end, u64 least) override;
    /// Tells the disk what was freed by transactions that have ended, where that is more than a little: what the thread does after it has written.
    void discard_freed();

    // For its parts.
    const wire::ext4::Superblock& super() const { return super_; }
    Disk& disk() { return disk_; }
    Journal& journal() { return journal_; }
    sync::Mutex& tree() { return tree_; }
    InodeTable& inodes() { return inodes_; }
    /// The one inode object for a number. Without the tree mutex.
    Result<Shared<Ext4Inode>> inode(u32 number);
    /// Where an inode lies: its block, and its bytes in it. With the tree mutex.
    struct InodePlace {
        Block block;
        MutableByteSpan bytes;
    };
    Result<InodePlace> place_of(u32 number);
    /// A group's descriptor, in its block. With the tree mutex.
    struct GroupPlace {
        Block block;
        wire::ext4::Group group;
    };
    Result<GroupPlace> group(u32 number);

    Allocator& allocator() { return allocator_; }
    /// Leave to change metadata: so many blocks at most. Without the tree mutex.
    static constexpr u32 usual_credits = 48, few_credits = 16;
    Result<Journal::Handle> begin(u32 credits = usual_credits);
    /// What was deleted becomes free. no_space when there was nothing.
    Result<void> make_space();
    /// An inode object, not in the table yet.
    Result<Shared<Ext4Inode>> make(u32 number, const wire::ext4::InodeInfo& info);

    /// Something of it has to be written some time.
    void note_changed(Ext4Inode& inode);
    /// It need not: nobody will see it any more.
    void forget_changes(Ext4Inode& inode);
    /// So many pages were changed, or written.
    void count_dirty(i64 pages) { dirty_pages_.fetch_add(pages, std::memory_order_relaxed); }
    bool has_too_many_dirty() const;

    /// By the transaction that is ending. With the tree mutex.
    void note_freed(u64 start, u64 end);

    // With a handle and the tree mutex:
    Result<void> add_orphan(Orphan& orphan);
    Result<void> remove_orphan(Orphan& orphan);
    /// Its file has gone. From anywhere.
    void orphan_unused(Orphan& orphan);

private:
    void write_back_all();
    Result<void> delete_unused();
    Result<void> delete_used();
    Result<void> delete_orphan(Orphan& orphan, Shared<Ext4Inode> inode);
    Result<void> load_orphans();
    Result<void> set_first_orphan(u32 number);
    Result<void> write_mark(bool needed);
    void count_in_super();
    void write_regularly();
    Result<u64> discard_free(u64 at, u64 end, u32 least);
    Result<void> read_superblock(bool replayed);
    Result<void> open_journal();
    void before_commit() override;

    sync::Mutex tree_;
    Disk disk_;
    Journal journal_;
    wire::ext4::Superblock super_{};
    std::atomic<bool> ends_ = false;  ///< nobody else changes anything any more
    bool newly_mounted_ = true;
    bool has_errors_ = false;  ///< somebody found it damaged
    InodeTable inodes_;
    Allocator allocator_;
    FreedStretches freed_;  ///< under the tree mutex, as is the next
    bool discards_ = true;  ///< until the disk fails at it
    sync::Mutex deletion_mutex_;  ///< before a handle
    sync::Spin orphan_lock_;      ///< of which are unused
    List<Orphan, &Orphan::link> orphans_;  ///< as on the disk; under the tree mutex
    std::atomic<u32> unused_orphans_ = 0;
    sync::Spin changed_lock_;
    Ext4Inode* changed_first_ = nullptr;  ///< those that note_changed() was told of, each with a reference
    Ext4Inode* changed_last_ = nullptr;
    std::atomic<i64> dirty_pages_ = 0;
    sync::Spin writer_lock_;
    sync::WaitQueue writer_wakes_;
    bool writer_runs_ = false, writer_stops_ = false;
};

}  // namespace spore::fs::ext4
