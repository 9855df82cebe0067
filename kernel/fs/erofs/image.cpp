#include "kernel/fs/erofs/image.hpp"

#include <algorithm>

#include "arch/mmu.hpp"

namespace spore::fs::erofs {

Result<void> Image::read(u64 offset, MutableByteSpan into) {
    if (offset > size() || into.size() > size() - offset) return fail(Error::corrupt);
    while (!into.empty()) {
        auto view = TRY(block(offset / page_size));
        u64 within = offset % page_size;
        u64 part = std::min<u64>(into.size(), view.bytes.size() - within);
        std::memcpy(into.data(), view.bytes.data() + within, part);
        into = into.subspan(part);
        offset += part;
    }
    return {};
}

Result<BlockView> MemoryImage::block(u64 index) {
    auto bytes = slice(bytes_, index * page_size, page_size);
    if (index >= bytes_.size() / page_size || !bytes) return fail(Error::corrupt);
    return BlockView{{}, *bytes};
}

Result<memory::FrameRef> MemoryImage::frame(u64 index) {
    auto view = TRY(block(index));
    if (frames_ == Frames::usable) return memory::FrameRef::of(memory::frame_of(arch::physical(view.bytes.data())));
    auto frame = memory::FrameRef::adopt(TRY(memory::allocate_frames()));
    std::memcpy(frame.bytes(), view.bytes.data(), page_size);
    return frame;
}

}  // namespace spore::fs::erofs
