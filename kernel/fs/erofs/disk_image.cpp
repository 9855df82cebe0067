#include "kernel/fs/erofs/disk_image.hpp"

#include <algorithm>

namespace spore::fs::erofs {

namespace {
constexpr u64 sectors_per_block = page_size / device::sector_size;
}

Result<BlockView> DiskImage::block(u64 index) {
    auto kept = TRY(frame(index));
    ByteSpan bytes(kept.bytes(), page_size);
    return BlockView{std::move(kept), bytes};
}

Result<memory::FrameRef> DiskImage::frame(u64 index) {
    if (index >= size() / page_size) return fail(Error::corrupt);
    auto page = TRY(blocks_.get(index));
    // It becomes the file's: while two caches held it, neither could drop it.
    blocks_.drop(index, index + 1);
    return page;
}

memory::FrameRef DiskImage::take_ahead(u64 index) {
    return ahead_.with([&](Ahead& ahead) {
        if (index < ahead.first || index - ahead.first >= ahead.count) return memory::FrameRef();
        return std::move(ahead.frames[index - ahead.first]);
    });
}

u32 DiskImage::plan_window(u64 index) {
    return ahead_.with([&](Ahead& ahead) {
        bool straight_on = ahead.count && index == ahead.first + ahead.count;
        ahead.window = straight_on ? std::min(ahead.window * 2, Ahead::limit) : 4;
        return static_cast<u32>(std::min<u64>(ahead.window, size() / page_size - index));
    });
}

Result<memory::FrameRef> DiskImage::load_page(u64 index) {
    if (auto frame = take_ahead(index)) return frame;
    u32 count = plan_window(index);
    memory::FrameRef frames[Ahead::limit];
    device::TransferPiece pieces[Ahead::limit];
    for (u32 i = 0; i < count; ++i) {
        auto frame = memory::allocate_frames();
        if (!frame && i > 0) {  // reading ahead is not worth failing for
            count = i;
            break;
        }
        frames[i] = memory::FrameRef::adopt(TRY(std::move(frame)));
        pieces[i] = {frames[i].address(), page_size};
    }
    TRY(disk_.read(index * sectors_per_block, {pieces, count}));
    auto wanted = std::move(frames[0]);
    ahead_.with([&](Ahead& ahead) {
        ahead.first = index;
        ahead.count = count;
        for (u32 i = 0; i < Ahead::limit; ++i) std::swap(ahead.frames[i], frames[i]);
    });
    return wanted;
}

}  // namespace spore::fs::erofs
