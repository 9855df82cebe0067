#include "kernel/fs/ext4/disk.hpp"

#include <algorithm>

namespace spore::fs::ext4 {

bool is_there_memory_to_spare() {
    auto use = memory::memory_use();
    return use.free + use.cached >= use.total / 8;
}

u32 allocate_pages(std::span<memory::FrameRef> pages) {
    constexpr unsigned order = 3;  // pieces of 32 KiB
    u32 count = 0;
    while (count < pages.size()) {
        if (pages.size() - count >= 1u << order) {
            if (auto block = memory::allocate_frames(order)) {
                memory::split_block(**block);
                for (u32 i = 0; i < 1u << order; ++i) pages[count++] = memory::FrameRef::adopt(*block + i);
                continue;
            }
        }
        auto frame = memory::allocate_frames();
        if (!frame) break;
        pages[count++] = memory::FrameRef::adopt(*frame);
    }
    return count;
}

Result<void> Disk::read(u64 number, const memory::FrameRef& into) {
    device::TransferPiece piece{into.address(), block_size};
    return read(number, {&piece, 1});
}

Result<void> Disk::write(u64 number, const memory::FrameRef& from) {
    device::TransferPiece piece{from.address(), block_size};
    return write(number, {&piece, 1});
}

namespace {
void name_block(memory::Frame& frame, u64 number) {
    frame.index = number;
    frame.owner = 0;
    frame.link = 0;
}
}  // namespace

Result<Block> Disk::get(u64 number) {
    if (number >= blocks()) return fail(Error::corrupt);
    return Block(TRY(blocks_.get(number)));
}

Result<Block> Disk::get_fresh(u64 number) {
    if (number >= blocks()) return fail(Error::corrupt);
    auto frame = blocks_.find(number);
    if (!frame) {
        frame = memory::FrameRef::adopt(TRY(memory::allocate_frames()));
        name_block(*frame, number);
        blocks_.offer(number, frame);
        if (blocks_.find(number).get() != frame.get()) return fail(Error::no_memory);
    }
    std::memset(frame.bytes(), 0, block_size);
    Block(frame).set_kind(BlockKind::other);
    return Block(std::move(frame));
}

Result<memory::FrameRef> Disk::load_page(u64 number) {
    // What lies around is mostly wanted soon: inodes of one directory, its blocks, bitmaps.
    constexpr u64 cluster = 8;
    memory::FrameRef frames[cluster];
    u64 first = align_down(number, cluster), count = std::min(cluster, blocks() - first);
    if (!is_there_memory_to_spare() || allocate_pages(std::span(frames).first(count)) < count) {
        for (auto& frame : frames) frame = {};
        first = number, count = 1;
        frames[0] = memory::FrameRef::adopt(TRY(memory::allocate_frames()));
    }
    Transfer transfer;
    for (u64 i = 0; i < count; ++i) {
        (void)transfer.add(frames[i].address());  // there is room for eight
        name_block(*frames[i], first + i);
    }
    TRY(read(first, transfer.pieces()));
    for (u64 i = 0; i < count; ++i)
        if (first + i != number) blocks_.offer(first + i, frames[i]);
    return std::move(frames[number - first]);
}

}  // namespace spore::fs::ext4
