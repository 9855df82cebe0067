// Moving and resizing: mremap.
#include "kernel/memory/change.hpp"

namespace spore::memory {

Result<VirtAddr> AddressSpace::remap(VirtAddr start, u64 old_size, u64 new_size, bool may_move, const VirtAddr* new_address, OldPlace old) {
    old_size = align_up(old_size, page_size);
    new_size = align_up(new_size, page_size);
    u64 from = start.value;
    if (!is_aligned(from, page_size) || new_size == 0 || old_size == 0 || new_size > arch::program_end || old_size > arch::program_end ||
        from > arch::program_end - old_size)
        return fail(Error::invalid);
    if (new_address) {
        u64 to = new_address->value;
        if (!is_aligned(to, page_size) || to > arch::program_end - new_size || to < arch::program_start) return fail(Error::invalid);
        if (to < from + old_size && from < to + new_size) return fail(Error::invalid);  // old and new must not overlap
    }
    bool keep = old == OldPlace::kept;
    if (keep && new_size != old_size) return fail(Error::invalid);
    Change change(*this);
    Area* area = areas_->find(from);
    if (!area) return fail(Error::bad_address);
    // What moves lies in one area; where only the end is cut off, it may lie in others.
    u64 moves = old_size <= new_size ? old_size : new_address ? new_size : 0;
    if (from + moves > area->end) return fail(Error::bad_address);

    if (new_size < old_size) {
        TRY(unmap_locked(from + new_size, from + old_size));
        old_size = new_size;
    }
    if (keep) TRY(check_limits(new_size, *area));
    if (!new_address) {
        if (keep) return move(from, old_size, new_size, TRY(find_gap(new_size, page_size)), old);
        if (new_size == old_size) return start;
        u64 growth = new_size - old_size;
        TRY(check_limits(growth, *area));
        if (area->locked) TRY(check_lock_limit(growth));
        if (area->object && area->offset + (from - area->start) + new_size < new_size) return fail(Error::invalid);
        u64 end = from + old_size;
        if (area->end == end && end <= arch::program_end - growth && areas_->is_free(end, end + growth)) {
            account(*area, static_cast<i64>(growth));
            area->end += growth;
            merge_around(from, area->end);
            return start;
        }
        if (!may_move) return fail(Error::no_memory);
        u64 to = TRY(find_gap(new_size, page_size));
        return move(from, old_size, new_size, to, old);
    }
    TRY(check_limits(new_size - old_size, *area));
    if (area->locked) TRY(check_lock_limit(new_size - old_size));
    TRY(unmap_locked(new_address->value, new_address->value + new_size));
    return move(from, old_size, new_size, new_address->value, old);
}

/// Moves [from, from + old_size), which lies in one area, to a free place. On failure all is where it was.
Result<VirtAddr> AddressSpace::move(u64 from, u64 old_size, u64 new_size, u64 to, OldPlace old_place) {
    auto moved = TRY(make_owned<Area>());
    TRY(split_at(from));
    TRY(split_at(from + old_size));
    Area& old = *areas_->find(from);
    TRY(move_pages(from, old_size, to));
    moved->start = to;
    moved->end = to + new_size;
    moved->access = old.access;
    moved->limit = old.limit;
    moved->sharing = old.sharing;
    moved->locked = old.locked;
    moved->no_reserve = old.no_reserve;
    moved->dumped = old.dumped;
    moved->object = old.object;
    moved->offset = old.offset;
    moved->name = old.name;
    // A pass of PageCache::drop that has not come here yet must find the pages at their new place too.
    u64 passes = old.mapping.passes;
    account(*moved, static_cast<i64>(new_size));
    attach(*moved.release(), passes);
    if (old_place == OldPlace::kept) {
        mark_locked(from, from + old_size, false);  // the lock moves with the pages
        merge_around(from, from + old_size);
    } else {
        account(old, -static_cast<i64>(old.size()));
        remove(old);
    }
    merge_around(to, to + new_size);
    return VirtAddr{to};
}

Result<void> AddressSpace::move_pages(u64 from, u64 size, u64 to) {
    u64 end = from + size;
    bool keeps_large = is_aligned(from ^ to, arch::large_page_size);
    // First every page is mapped at its new place too, which can fail; then taken out at the old one, which cannot.
    Result<void> result;
    u64 at = from, low = end;
    while ((at = page_table_.next_mapped({at}, {end}).value) < end) {
        low = std::min(low, at);
        auto mapping = page_table_.query({at});
        if (mapping.size != page_size && !keeps_large) {
            // Moved by less than its size: its small pages go one by one.
            result = split_large_page(at + page_size);
            mapping = page_table_.query({at});
        }
        if (result) result = page_table_.map({to + (at - from)}, mapping.frame, mapping.access, mapping.size);
        if (!result) break;
        at += mapping.size;
    }
    u64 undone = result ? from : to, undone_end = result ? end : to + (at - from);
    for (u64 old = undone; (old = page_table_.next_mapped({old}, {undone_end}).value) < undone_end;) old += page_table_.unmap({old}).size;
    if (low < end) page_table_.flush({result ? low : undone}, {undone_end});
    return result;
}

}  // namespace spore::memory
