#pragma once

#include "kernel/fs/ext4/inode.hpp"

namespace spore::fs::ext4 {

/// A regular file.
class Ext4File final : public Ext4Inode, private memory::PageSource {
public:
    Ext4File(Ext4FileSystem& file_system, u32 number, const wire::ext4::InodeInfo& info)
        : Ext4Inode(file_system, number, info), pages_(*this, memory::PageCache::Keep::while_memory_lasts), stored_size_(info.size) {}
    ~Ext4File() override;

    Result<Shared<File>> open(Dentry& entry, OpenMode mode) override;
    Result<Stat> stat() override;
    Result<u64> read(IoBuffer& into, u64 offset) override;
    Result<u64> write(IoBuffer& from, u64& offset, WriteAt where) override;
    Result<void> truncate(u64 size) override;
    Result<void> allocate(u32 mode, u64 offset, u64 size) override;
    Result<u64> seek_data(u64 offset, Whence whence) override;
    Result<memory::PageCache*> pages(bool for_writing) override;
    Result<void> begin_mapped_writes() override;
    void end_mapped_writes() override;

    Result<void> write_back(bool data_only) override;
    Result<void> write_through(u64 offset, u64 bytes) override;
    void forget_contents() override;
    void closed();

private:
    /// A page that has no place on the disk yet, but is counted as if it had; kept in a word of its frame.
    static bool is_delayed(const memory::Frame& frame) { return frame.owner == delayed; }
    static constexpr u64 delayed = 0x6465'6c61'7965'6421;
    /// Likewise, in another word: it is among the file system's changed pages.
    static constexpr u64 counted = 0x636f'756e'7465'6421;
    void count_changed(memory::Frame& frame) {
        if (frame.link == counted) return;
        frame.link = counted;
        owner().count_dirty(1);
    }
    void uncount_changed(memory::Frame& frame) {
        if (frame.link != counted) return;
        frame.link = 0;
        owner().count_dirty(-1);
    }

    Result<memory::FrameRef> load_page(u64 index) override;
    Result<Mapping> map_locked(u64 index);
    Result<memory::FrameRef> page_to_write(u64 index, bool whole);
    Result<void> ensure_place(u64 index, memory::Frame& frame);
    Result<void> zero_behind_end();
    u64 drop_pages(u64 first, u64 end, memory::PrivateCopies copies);
    Result<void> zero_part(u64 offset, u64 end);
    Result<void> write_pages(u64 first, u64 end_page);
    Result<void> write_run(u64 index, std::span<const memory::PageCache::Dirty> pages);
    Result<u64> write_new(u64 index, std::span<const memory::PageCache::Dirty> pages);
    Result<void> transfer(u64 start, std::span<const memory::PageCache::Dirty> pages);
    void settle(std::span<const memory::PageCache::Dirty> pages);
    Result<void> remove_blocks(u64 first, u64 end);
    Result<void> allocate_unwritten(u64 first, u64 end);
    Result<void> check_changeable();
    u64 size_to_store() const override { return stored_size_; }

    sync::Mutex layout_mutex_;    ///< where blocks lie, against writing them back
    sync::Mutex contents_mutex_;  ///< one change at a time
    memory::PageCache pages_;
    std::atomic<u64> expected_ = 0;  ///< the page behind what was loaded last
    std::atomic<u32> window_ = 0;    ///< how many pages one after another get loaded at once
    sync::Spin delayed_lock_;
    std::atomic<u64> delayed_pages_ = 0;
    std::atomic<u32> opens_ = 0, mapped_writers_ = 0;
    u64 stored_size_;  ///< of which everything was written; under the tree mutex
};

}  // namespace spore::fs::ext4
