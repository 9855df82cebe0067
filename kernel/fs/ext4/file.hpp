#pragma once

#include "kernel/fs/ext4/inode.hpp"

namespace spore::fs::ext4 {

/// A regular file.
class Ext4File final : public Ext4Inode, private memory::PageSource {
public:
    Ext4File(Ext4FileSystem& file_system, u32 number, const wire::ext4::InodeInfo& info)
        : Ext4Inode(file_system, number, info), pages_(*this, memory::PageCache::Keep::while_memory_lasts) {}

    Result<u64> read(IoBuffer& into, u64 offset) override;
    Result<u64> write(IoBuffer&, u64&, WriteAt) override { return fail(Error::read_only); }
    Result<void> truncate(u64) override { return fail(Error::read_only); }
    Result<u64> seek_data(u64 offset, Whence whence) override;
    Result<memory::PageCache*> pages(bool for_writing) override;

private:
    Result<memory::FrameRef> load_page(u64 index) override;

    memory::PageCache pages_;
    std::atomic<u64> expected_ = 0;  ///< the page behind what was loaded last
    std::atomic<u32> window_ = 0;    ///< how many pages one after another get loaded at once
};

}  // namespace spore::fs::ext4
