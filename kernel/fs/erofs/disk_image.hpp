// An EROFS image on a disk: blocks are read when they are needed, a few ahead of a reader that goes straight on, and kept while
// memory lasts. A block that is asked for as a file's page goes over to the file's own cache.
#pragma once

#include "kernel/device/block.hpp"
#include "kernel/fs/erofs/image.hpp"

namespace spore::fs::erofs {

class DiskImage final : public Image, private memory::PageSource {
public:
    explicit DiskImage(device::BlockDevice& disk) : disk_(disk), blocks_(*this, memory::PageCache::Keep::while_memory_lasts) {}

    u64 size() const override { return disk_.sectors() * device::sector_size; }
    Result<BlockView> block(u64 index) override;
    Result<memory::FrameRef> frame(u64 index) override;

private:
    /// Frames that were read ahead and not asked for yet.
    struct Ahead {
        static constexpr u32 limit = device::BlockDevice::max_pieces;
        u64 first = 0;
        u32 count = 0;   ///< of frames, from `first` on
        u32 window = 1;  ///< how many blocks the next miss reads
        memory::FrameRef frames[limit];
    };
    Result<memory::FrameRef> load_page(u64 index) override;
    memory::FrameRef take_ahead(u64 index);
    /// How much to read for a miss at `index`: more and more while it is where the last reading ended.
    u32 plan_window(u64 index);

    device::BlockDevice& disk_;
    memory::PageCache blocks_;
    Locked<Ahead, sync::Spin> ahead_;
};

}  // namespace spore::fs::erofs
