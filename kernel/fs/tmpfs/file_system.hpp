// Files in memory; and, over a read-only file system, the writable root.
//
// Over a lower file system, every file of it appears as an inode here that borrows from the lower one what was not changed yet: a
// directory its names, a file its pages, any file its attributes. Nothing is copied before it is written: a page at a time, when a
// program writes to it. A name that is removed stays as a mark that hides the lower one.
// The inode of a lower file is found by the lower number, so several names of one file stay one file, and numbers are stable.
#pragma once

#include "kernel/fs/inode_table.hpp"

namespace spore::fs::tmpfs {

class TmpInode;

class TmpFileSystem final : public FileSystem {
public:
    /// Holds at most `limit` bytes of contents; 0 means half of the memory there is. Files, further names of theirs and attributes are limited by that
    /// half, too: a file for each page of it.
    static Result<Shared<TmpFileSystem>> create(u64 limit = 0, u16 root_permissions = 01777);
    /// The writable view of `lower`.
    static Result<Shared<TmpFileSystem>> create_over(Shared<FileSystem> lower, u64 limit = 0);

    TmpFileSystem(Shared<FileSystem> lower, u64 page_limit, u64 file_limit);
    ~TmpFileSystem() override;
    Result<Shared<Inode>> root() override;
    Result<FileSystemStat> stat() override;
    const char* kind() const override { return lower_ ? "overlay" : "tmpfs"; }
    bool may_wait() const override { return lower_ && lower_->may_wait(); }

    // For its inodes.
    Result<Shared<TmpInode>> make(const NewInode& request);
    /// The inode that stands for one of the lower file system.
    Result<Shared<TmpInode>> wrap(Shared<Inode> lower);
    /// From now on the inode differs from the lower one, and must stay even if nobody uses it.
    void pin(TmpInode& inode);
    /// It has no name left: it may go with its last user.
    void unpin(TmpInode& inode);
    /// Takes a page from the limit; no_space when it is reached.
    Result<void> charge();
    /// As many as may still be taken.
    u64 free_pages() const;
    void uncharge(u64 pages) { used_pages_.fetch_sub(pages, std::memory_order_relaxed); }
    /// What a file, or a name of it beyond the first, takes of what is there for such; attributes take their size [linux/shmem_fs.h BOGO_INODE_SIZE].
    static constexpr u64 file_record = 1024;
    /// no_space when there is not so much.
    Result<void> charge_records(u64 bytes);
    void uncharge_records(u64 bytes) { used_records_.fetch_sub(bytes, std::memory_order_relaxed); }

private:
    friend class TmpInode;
    Result<Shared<TmpInode>> make_uncharged(const NewInode& request);
    u64 next_number() { return next_number_.fetch_add(1, std::memory_order_relaxed); }

    Shared<FileSystem> lower_;
    u64 page_limit_, file_limit_;
    std::atomic<u64> used_pages_ = 0, used_records_ = 0;
    std::atomic<u64> next_number_;
    InodeTable inodes_;  ///< those that stand for lower ones
    Shared<TmpInode> root_;
};

}  // namespace spore::fs::tmpfs
