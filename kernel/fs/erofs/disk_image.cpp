#include "kernel/fs/erofs/disk_image.hpp"

#include <algorithm>

namespace spore::fs::erofs {

namespace {
constexpr u64 sectors_per_block = page_size / device::sector_size;
/// Blocks that are read at once: as many as one request takes. A program that starts jumps about in its files; what lies around is wanted
/// soon, and costs little more than the request.
constexpr u64 cluster = device::BlockDevice::max_pieces;

/// Whether there is memory for pages that nobody asked for: to keep, as long as nobody needs theirs; or to give away, which is not undone.
enum class For : u8 { keeping, giving };
bool is_there_memory(For what) {
    auto use = memory::memory_use();
    return what == For::giving ? use.free >= use.total / 2 : use.free + use.cached >= use.total / 8;
}

/// How many of `frames` could be filled, from the first one on.
u64 allocate_each(std::span<memory::FrameRef> frames) {
    u64 count = 0;
    for (auto& one : frames) {
        auto frame = memory::allocate_frames();
        if (!frame) break;
        one = memory::FrameRef::adopt(*frame);
        ++count;
    }
    return count;
}
}

Result<memory::FrameRef> DiskImage::cached(u64 index) {
    if (index >= size() / page_size) return fail(Error::corrupt);
    return blocks_.get(index);
}

Result<BlockView> DiskImage::block(u64 index) {
    auto kept = TRY(cached(index));
    ByteSpan bytes(kept.bytes(), page_size);
    return BlockView{std::move(kept), bytes};
}

Result<memory::FrameRef> DiskImage::frame(u64 index) {
    auto page = TRY(cached(index));
    // It becomes the file's: while two caches held it, neither could drop it.
    blocks_.drop(index, index + 1);
    return page;
}

memory::FrameRef DiskImage::frame_at_hand(u64 index) {
    if (!is_there_memory(For::giving)) return {};
    auto page = blocks_.find(index);
    if (page) blocks_.drop(index, index + 1);
    return page;
}

Result<memory::FrameRef> DiskImage::load_page(u64 index) {
    memory::FrameRef frames[cluster];
    device::TransferPiece pieces[cluster];
    u64 first = align_down(index, cluster), count = std::min(cluster, size() / page_size - first);
    if (!is_there_memory(For::keeping) || allocate_each(std::span(frames).first(count)) < count) {
        for (auto& frame : frames) frame = {};  // more than what is wanted is not worth failing for
        first = index, count = 1;
        frames[0] = memory::FrameRef::adopt(TRY(memory::allocate_frames()));
    }
    for (u64 i = 0; i < count; ++i) pieces[i] = {frames[i].address(), page_size};
    TRY(disk_.read(first_sector_ + first * sectors_per_block, {pieces, count}));
    for (u64 i = 0; i < count; ++i)
        if (first + i != index) blocks_.offer(first + i, frames[i]);
    return std::move(frames[index - first]);
}

}  // namespace spore::fs::erofs
