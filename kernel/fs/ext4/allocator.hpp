// Which blocks and inodes are in use. With the tree mutex; changes with a handle.
//
// What is freed can be had again when the transaction has ended: until then the disk still leads to it.
#pragma once

#include <algorithm>

#include "kernel/fs/ext4/disk.hpp"
#include "kernel/sync/mutex.hpp"
#include "wire/ext4/superblock.hpp"

namespace spore::fs::ext4 {

class Ext4FileSystem;

struct BlockRun {
    u64 start;
    u32 length;
};

class Allocator {
public:
    explicit Allocator(Ext4FileSystem& owner) : owner_(owner) {}
    ~Allocator();
    Result<void> start();

    /// Counts blocks as used that get their place later; no_space. Without the tree mutex.
    Result<void> reserve(u64 blocks);
    void unreserve(u64 blocks) { reserved_.fetch_sub(static_cast<i64>(blocks), std::memory_order_relaxed); }
    /// What can still be had.
    i64 available() const;
    bool has_pending() const { return pending_blocks_.load(std::memory_order_relaxed) != 0; }
    u64 free_blocks() const { return static_cast<u64>(std::max<i64>(0, free_.load(std::memory_order_relaxed) - reserved_.load(std::memory_order_relaxed))); }

    /// As the groups say.
    u64 unused_blocks() const { return static_cast<u64>(free_.load(std::memory_order_relaxed)); }
    u32 unused_inodes() const { return free_inodes_; }

    /// Whether blocks are taken out of what is left, or were counted before.
    enum class From : u8 { left, reserved };
    /// Up to `wanted` blocks side by side, at `goal` or near it. no_space.
    Result<BlockRun> allocate(u64 goal, u32 wanted, From from);
    /// The next so many give_back() cannot fail then; each at most a group's size.
    Result<void> prepare(u64 start, u32 count, bool metadata = false);
    /// `metadata`: the journal may hold it.
    void give_back(u64 start, u32 count, bool metadata);

    /// The first stretch of `least` free blocks or more from `from` on, in its group and before `end`; of length 0, where the next one may be, when there
    /// is none. What is given back is not free until the transaction has ended.
    Result<BlockRun> next_free(u64 from, u64 end, u32 least);
    /// Until the end nobody gets these, which are free. The end is without the tree mutex.
    void begin_discard(const BlockRun& run) {
        discarding_.lock();
        discarded_ = run;
    }
    void end_discard() { discarding_.unlock(); }

    Result<u32> allocate_inode(u32 near, bool is_directory);
    /// The inode's bitmap is part of the transaction, so that free_inode() cannot fail.
    Result<void> prepare_inode(u32 number);
    void free_inode(u32 number, bool is_directory);

    /// What was given back becomes free, and changed bitmaps get their checksums.
    void before_commit();

private:
    struct Freed {
        u64 start;
        u32 count;
        Freed* next;
    };
    Result<Block> block_bitmap(u32 group);
    Result<Block> inode_bitmap(u32 group);
    Result<Block> bitmap(u32 group, u64 number, BlockKind kind, bool is_unwritten);
    void fill_block_bitmap(u32 group, MutableByteSpan bits);
    Result<BlockRun> look_in(u32 group, u32 from, u32 wanted);
    Result<void> take(const BlockRun& run);

    Ext4FileSystem& owner_;
    std::atomic<i64> free_ = 0, reserved_ = 0;
    std::atomic<u64> pending_blocks_ = 0;
    Freed* pending_ = nullptr;
    Freed* spare_ = nullptr;
    u32 free_inodes_ = 0;
    u32 spares_ = 0, promised_ = 0;
    sync::Mutex discarding_;  ///< after the tree mutex; who has it does without that
    BlockRun discarded_{0, 0};  ///< while that is held; under the tree mutex
};

}  // namespace spore::fs::ext4
