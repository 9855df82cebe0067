// A file's pages get to the disk.
#include <algorithm>

#include "kernel/fs/ext4/extents.hpp"
#include "kernel/fs/ext4/file.hpp"

namespace spore::fs::ext4 {

using namespace wire::ext4;
using Dirty = memory::PageCache::Dirty;

/// The changed pages from `first` on, and before `end`. Under the layout mutex.
Result<void> Ext4File::write_pages(u64 first, u64 end_page) {
    // Pages that programs can write to without a word stay marked.
    bool keeps_marks = mapped_writers_.load(std::memory_order_acquire) != 0;
    constexpr unsigned most = 64;
    Dirty dirty[most];
    for (u64 next = first; unsigned found = pages_.find_dirty(next, dirty, keeps_marks, end_page);) {
        next = dirty[found - 1].index + 1;
        for (auto& one : std::span(dirty).first(found)) uncount_changed(*one.page);
        for (unsigned begin = 0, end = 0; begin < found; begin = end) {
            for (end = begin + 1; end < found && dirty[end].index == dirty[begin].index + (end - begin);) ++end;
            auto written = write_run(dirty[begin].index, std::span(dirty).subspan(begin, end - begin));
            if (written) continue;
            for (unsigned i = begin; i < found; ++i) memory::PageCache::mark_dirty(*dirty[i].page);
            return written;
        }
    }
    return {};
}

Result<void> Ext4File::write_through(u64 offset, u64 bytes) {
    if (!bytes) return {};
    Guard layout(layout_mutex_);
    return write_pages(offset / page_size, (offset + bytes - 1) / page_size + 1);
}

Result<void> Ext4File::write_back(bool data_only) {
    Guard layout(layout_mutex_);
    u64 size_before = size();
    TRY(write_pages(0, ~u64{0}));
    {
        Guard guard(owner().tree());
        if (stored_size_ >= size_before && (data_only || !needs_store())) return {};
    }
    auto handle = TRY(owner().begin(Ext4FileSystem::few_credits));
    Guard guard(owner().tree());
    stored_size_ = std::max(stored_size_, std::min(size_before, size()));
    return store();
}

/// Pages one behind the other.
Result<void> Ext4File::write_run(u64 index, std::span<const Dirty> pages) {
    while (!pages.empty()) {
        auto where = TRY(map_locked(index));
        u64 count = std::min<u64>(where.length, pages.size());
        auto part = pages.first(count);
        if (where.kind == Mapping::Kind::hole) {
            count = TRY(write_new(index, part));
        } else {
            TRY(transfer(where.start, part));
            if (where.kind == Mapping::Kind::unwritten) {
                auto handle = TRY(owner().begin(Ext4FileSystem::few_credits));
                Guard guard(owner().tree());
                TRY(prepare_store());
                TRY(ExtentTree(*this).set_written(static_cast<u32>(index), static_cast<u32>(count)));
                // With the same transaction: nothing written may lie behind the end that the disk knows.
                stored_size_ = std::max(stored_size_, std::min(size(), (index + count) * page_size));
                TRY(store());
            }
            settle(part);
        }
        pages = pages.subspan(count);
        index += count;
    }
    return {};
}

/// What is written first, and led to then: as one transaction.
Result<u64> Ext4File::write_new(u64 index, std::span<const Dirty> pages) {
    auto& allocator = owner().allocator();
    auto handle = TRY(owner().begin(Ext4FileSystem::few_credits));
    BlockRun run;
    {
        Guard guard(owner().tree());
        TRY(prepare_store());
        run = TRY(allocator.allocate(TRY(ExtentTree(*this).goal_for(static_cast<u32>(index))), static_cast<u32>(pages.size()), Allocator::From::reserved));
    }
    auto part = pages.first(run.length);
    auto written = transfer(run.start, part);
    Guard guard(owner().tree());
    if (written) written = ExtentTree(*this).insert({static_cast<u32>(index), run.length, run.start, false});
    if (!written) {
        if (allocator.prepare(run.start, run.length)) allocator.give_back(run.start, run.length, false);
        return fail(written.error());
    }
    info_.blocks += u64{run.length} * (block_size / 512);
    stored_size_ = std::max(stored_size_, std::min(size(), (index + run.length) * page_size));
    TRY(store());
    settle(part);
    return run.length;
}

/// They have their place: they are counted by what they are.
void Ext4File::settle(std::span<const Dirty> pages) {
    u64 released = 0;
    {
        Guard guard(delayed_lock_);
        for (auto& one : pages) {
            if (!is_delayed(*one.page)) continue;
            one.page.get()->owner = 0;
            ++released;
        }
    }
    delayed_pages_.fetch_sub(released, std::memory_order_relaxed);
    owner().allocator().unreserve(released);
}

Result<void> Ext4File::transfer(u64 start, std::span<const Dirty> pages) {
    Transfer transfer;
    auto flush = [&]() -> Result<void> {
        auto written = owner().disk().write(start, transfer.pieces());
        start += transfer.pages();
        transfer.clear();
        if (!written) owner().journal().abort();
        return written;
    };
    for (auto& one : pages) {
        if (transfer.add(one.page.address())) continue;
        TRY(flush());
        (void)transfer.add(one.page.address());  // it is empty
    }
    TRY(flush());
    is_safe_after(owner().journal().after_now());
    return {};
}

}  // namespace spore::fs::ext4
