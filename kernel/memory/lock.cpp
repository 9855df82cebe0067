// Locking memory: mlock. Nothing is ever paged out, so that locking only counts; callers make the pages present.
#include <algorithm>

#include "kernel/memory/change.hpp"

namespace spore::memory {

Result<void> AddressSpace::check_lock_limit(u64 size) const {
    if (size > limit_locked_ || use_.locked_bytes > limit_locked_ - size) return fail(Error::would_block);
    return {};
}

/// Areas that begin and end where the range does.
void AddressSpace::mark_locked(u64 start, u64 end, bool locked) {
    for (auto area = areas_->first_above(start); area != areas_->end() && area->start < end; ++area) {
        if (area->locked == locked) continue;
        account(*area, -static_cast<i64>(area->size()));
        area->locked = locked;
        account(*area, static_cast<i64>(area->size()));
    }
}

Result<void> AddressSpace::set_locked(VirtAddr start, u64 size, bool locked) {
    if (!is_aligned(start.value, page_size) || size > arch::program_end || start.value > arch::program_end - size) return fail(Error::invalid);
    if (size == 0) return {};
    u64 from = start.value, end = from + align_up(size, page_size), more = 0;
    Change change(*this);
    if (locked) {
        more = end - from;
        for (auto area = areas_->first_above(from); area != areas_->end() && area->start < end; ++area)
            if (area->locked) more -= std::min(area->end, end) - std::max(area->start, from);
        if (!check_lock_limit(more)) return fail(Error::no_memory);
    }
    // Up to the first hole, as Linux does.
    u64 hole = areas_->first_hole(from, end);
    if (hole > from) {
        TRY(split_at(from));
        TRY(split_at(hole));
        mark_locked(from, hole, locked);
        merge_around(from, hole);
    }
    if (hole < end) return fail(Error::no_memory);
    return {};
}

Result<void> AddressSpace::set_all_locked(bool locked) {
    Change change(*this);
    if (locked && use_.virtual_bytes > limit_locked_) return fail(Error::no_memory);
    mark_locked(0, arch::program_end, locked);
    merge_around(0, arch::program_end);
    return {};
}

void AddressSpace::lock_future(LockFuture how) {
    Guard guard(mutex_);
    lock_future_ = how;
}

void AddressSpace::set_lock_limit(u64 bytes) {
    Guard guard(mutex_);
    limit_locked_ = bytes;
}

}  // namespace spore::memory
