// An EROFS image on a disk: blocks are read when they are needed, each with those around it, and kept while memory lasts. A block that is
// asked for as a file's page goes over to the file's own cache.
#pragma once

#include "kernel/device/block.hpp"
#include "kernel/fs/erofs/image.hpp"

namespace spore::fs::erofs {

class DiskImage final : public Image, private memory::PageSource {
public:
    /// The image begins at this byte of the disk, which has it; a multiple of a page's size.
    explicit DiskImage(device::BlockDevice& disk, u64 start = 0)
        : disk_(disk), first_sector_(start / device::sector_size), blocks_(*this, memory::PageCache::Keep::while_memory_lasts) {}

    u64 size() const override { return (disk_.sectors() - first_sector_) * device::sector_size; }
    Result<BlockView> block(u64 index) override;
    Result<memory::FrameRef> frame(u64 index) override;
    memory::FrameRef frame_at_hand(u64 index) override;

private:
    Result<memory::FrameRef> cached(u64 index);
    Result<memory::FrameRef> load_page(u64 index) override;

    device::BlockDevice& disk_;
    u64 first_sector_;
    memory::PageCache blocks_;
};

}  // namespace spore::fs::erofs
