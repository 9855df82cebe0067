// Reading files.
#include "kernel/fs/ext4/file.hpp"

#include <algorithm>

#include "kernel/fs/paged.hpp"

namespace spore::fs::ext4 {

namespace {
constexpr u32 least_window = 4, most_window = 64;
constexpr u64 last_page = (u64{1} << 32) - 1;
constexpr u64 page_after(u64 offset) { return (offset + page_size - 1) / page_size; }
}  // namespace

Result<u64> Ext4File::read(IoBuffer& into, u64 offset) { return read_pages(pages_, size(), into, offset); }

Result<memory::PageCache*> Ext4File::pages(bool for_writing) {
    if (for_writing) TRY(check_changeable());
    return &pages_;
}

Result<Mapping> Ext4File::map_locked(u64 index) {
    Guard guard(owner().tree());
    return map(index);
}

Result<memory::FrameRef> Ext4File::load_page(u64 index) {
    if (index > last_page) return fail(Error::too_big);
    u64 end = page_after(size());
    // While a file is cut its last blocks are still there.
    Mapping where;
    if (index < end) where = TRY(map_locked(index));
    // A program that writes to the page could not be told that the disk is full.
    if (index < end && where.kind == Mapping::Kind::hole && mapped_writers_.load(std::memory_order_acquire)) TRY(allocate_unwritten(index, index + 1));
    if (where.kind != Mapping::Kind::written) return memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames()));
    // What is read from its beginning on gets read in larger and larger pieces.
    bool follows = expected_.load(std::memory_order_relaxed) == index;
    u32 window = follows ? std::min(std::max(window_.load(std::memory_order_relaxed) * 2, least_window), most_window) : least_window;
    u64 count = std::min({u64{window}, where.length, end > index ? end - index : 1});
    memory::FrameRef frames[most_window];
    if (count > 1 && !is_there_memory_to_spare()) count = 1;
    count = allocate_pages(std::span(frames).first(count));
    if (count == 0) return fail(Error::no_memory);
    Transfer transfer;
    u64 done = 0;
    for (u64 i = 0; i < count; ++i) {
        if (transfer.add(frames[i].address())) continue;
        if (done != 0) break;
        done = i;
        break;
    }
    if (done != 0) count = done;  // as much as one request takes
    TRY(owner().disk().read(where.start, transfer.pieces()));
    if (u64 file_end = size(); file_end < (index + count) * page_size && file_end > index * page_size) {
        // Nothing else sees to it that what is behind the end in its last block is zeros.
        u64 within = file_end - index * page_size;
        std::memset(frames[within / page_size].bytes() + within % page_size, 0, (page_size - within % page_size) % page_size);
    }
    for (u64 i = 1; i < count; ++i) pages_.offer(index + i, frames[i]);
    expected_.store(index + count, std::memory_order_relaxed);
    window_.store(window, std::memory_order_relaxed);
    return std::move(frames[0]);
}

Result<u64> Ext4File::seek_data(u64 offset, Whence whence) {
    if (!owner().read_only()) TRY(write_back(true));
    u64 end = size();
    for (u64 page = offset / page_size; page < page_after(end);) {
        auto where = TRY(map_locked(page));
        if ((where.kind == Mapping::Kind::written) == (whence == Whence::data)) return std::max(offset, page * page_size);
        page += where.length;
    }
    if (whence == Whence::hole) return end;
    return fail(Error::no_such_device_address);
}

}  // namespace spore::fs::ext4
