// Telling the disk what is free: all of it when a program asks (fstrim), and some time after files were removed what they took.
#include "kernel/fs/ext4/discard.hpp"

#include <algorithm>

#include "kernel/core/log.hpp"
#include "kernel/fs/ext4/file_system.hpp"

namespace spore::fs::ext4 {

namespace {
/// Less is not worth a request, unless somebody asks for it.
constexpr u32 least_unasked = 64_KiB / block_size;
}  // namespace

void FreedStretches::add(Stretch added) {
    Stretch* nearest = nullptr;
    i64 least_gap = 0;
    for (auto& one : std::span(stretches_, count_)) {
        i64 gap = static_cast<i64>(std::max(one.start, added.start)) - static_cast<i64>(std::min(one.end, added.end));
        if (!nearest || gap < least_gap) nearest = &one, least_gap = gap;
    }
    if (nearest && (least_gap <= 0 || count_ == most)) *nearest = {std::min(nearest->start, added.start), std::max(nearest->end, added.end)};
    else stretches_[count_++] = added;
}

void Ext4FileSystem::note_freed(u64 start, u64 end) {
    u64 granularity = disk_.discard_granularity();
    if (!granularity || !discards_) return;
    // Whole portions, whoever has freed the rest of one before.
    u64 portion = std::max<u64>(granularity, least_unasked);
    freed_.add({start - start % portion, std::min(end + (portion - end % portion) % portion, super_.blocks)});
}

/// While there is a handle no transaction ends: what is free by the bitmaps then is so on the disk, or was never used, and stays free until the disk has been told.
Result<u64> Ext4FileSystem::discard_free(u64 at, u64 end, u32 least) {
    u64 blocks = 0;
    while (at < end) {
        BlockRun run;
        {
            auto handle = TRY(Journal::Handle::begin(journal_, 0));
            Guard guard(tree_);
            run = TRY(allocator_.next_free(at, end, least));
            at = run.start + run.length;
            if (run.length == 0) continue;
            allocator_.begin_discard(run);
        }
        auto told = disk_.discard(run.start, run.length);
        allocator_.end_discard();
        TRY(told);
        blocks += run.length;
    }
    return blocks;
}

Result<u64> Ext4FileSystem::trim(u64 start, u64 end, u64 least) {
    u64 first = std::min((start + block_size - 1) / block_size, super_.blocks), last = std::min(end / block_size, super_.blocks);
    u32 granularity = disk_.discard_granularity();
    if (!granularity) return fail(Error::not_supported);
    if (read_only()) return fail(Error::read_only);
    if (start >= super_.blocks * block_size || end - start < block_size) return fail(Error::invalid);
    u32 least_blocks = static_cast<u32>(std::min<u64>((std::min<u64>(least, super_.blocks * block_size) + block_size - 1) / block_size, super_.blocks_per_group));
    TRY(sync());  // what was deleted is free
    return TRY(discard_free(first, last, std::max(least_blocks, granularity))) * block_size;
}

void Ext4FileSystem::discard_freed() {
    while (true) {
        FreedStretches::Stretch stretch;
        {
            Guard guard(tree_);
            if (freed_.empty()) return;
            stretch = freed_.take();
        }
        auto told = discard_free(stretch.start, stretch.end, std::max(disk_.discard_granularity(), least_unasked));
        if (told || read_only()) continue;
        if (told.error() != Error::not_supported) core::warn("ext4: the disk fails to let go of what was removed; it is not told any more");
        Guard guard(tree_);
        discards_ = false;
    }
}

}  // namespace spore::fs::ext4
