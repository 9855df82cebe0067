// Mapping and unmapping: mmap, munmap, brk, madvise(MADV_DONTNEED).
#include "kernel/memory/anonymous_object.hpp"
#include "kernel/memory/change.hpp"

namespace spore::memory {

Result<VirtAddr> AddressSpace::map(const MapRequest& request) {
    if (request.size == 0 || !is_aligned(request.offset, page_size)) return fail(Error::invalid);
    if (request.size > arch::program_end - arch::program_start) return fail(Error::no_memory);
    u64 size = align_up(request.size, page_size);
    if (request.object && request.offset + size < size) return fail(Error::overflow);

    auto area = TRY(make_owned<Area>());
    area->access = request.access;
    area->limit = request.access_limit;
    area->sharing = request.sharing;
    area->grows_down = request.grows_down;
    area->no_reserve = request.no_reserve && commitment.mode.load(std::memory_order_relaxed) != Commitment::never;
    area->object = request.object;
    area->offset = request.object ? request.offset : 0;
    area->name = request.name;
    if (!area->object && request.sharing == Sharing::shared) area->object = TRY(create_anonymous_object(size));
    u64 start;
    bool populate_now = request.populate;
    {
        Change change(*this);
        // What it takes the place of is not there twice.
        u64 replaced = request.placement == Placement::exactly ? areas_->mapped_bytes(request.hint.value, request.hint.value + size) : 0;
        if (areas_->count() > most_areas.load(std::memory_order_relaxed)) return fail(Error::no_memory);
        TRY(check_limits(size - replaced, *area));
        area->locked = request.locked || lock_future_ != LockFuture::no;
        if (area->locked) TRY(check_lock_limit(size));
        populate_now |= lock_future_ == LockFuture::at_once;
        start = TRY(choose_place(request, size));
        area->start = start;
        area->end = start + size;
        TRY(map_area(std::move(area)));
    }
    // As with Linux, memory that cannot be had now is missed when it is touched.
    if (populate_now) (void)populate({start}, size);
    return VirtAddr{start};
}

/// Takes in an area whose place is free.
Result<void> AddressSpace::map_area(Owned<Area> area) {
    account(*area, static_cast<i64>(area->size()));
    u64 start = area->start, end = area->end;
    attach(*area.release());
    merge_around(start, end);
    return {};
}

Result<void> AddressSpace::unmap(VirtAddr start, u64 size) {
    if (!is_aligned(start.value, page_size) || size == 0 || size > arch::program_end || start.value > arch::program_end - size)
        return fail(Error::invalid);
    Change change(*this);
    return unmap_locked(start.value, start.value + align_up(size, page_size));
}

Result<void> AddressSpace::unmap_locked(u64 start, u64 end) {
    TRY(split_at(start));
    TRY(split_at(end));
    auto at = areas_->first_above(start);
    if (at == areas_->end() || at->start >= end) return {};
    zap(at->start, end);
    while (at != areas_->end() && at->start < end) {
        Area& area = *at++;
        account(area, -static_cast<i64>(area.size()));
        remove(area);
    }
    if (end > search_from_) search_from_ = std::min(end, mmap_base_);
    return {};
}

/// Takes the pages of [start, end) out; with `only_of`, those that still are that cache's and not a private copy.
void AddressSpace::zap(u64 start, u64 end, PrivateCopies copies) {
    Unmapped unmapped(*this);
    u64 at = start;
    while ((at = page_table_.next_mapped({at}, {end}).value) < end) {
        if (copies == PrivateCopies::kept) {
            Frame& frame = frame_of(page_table_.query({at}).frame);
            if (is_managed(frame) && frame.kind == FrameKind::anonymous) {
                at += page_size;
                continue;
            }
        }
        auto mapping = page_table_.unmap({at});
        at = align_down(at, mapping.size);
        unmapped.add(at, mapping);
        at += mapping.size;
    }
}

Result<void> AddressSpace::discard(VirtAddr start, u64 size) {
    if (!is_aligned(start.value, page_size) || size > arch::program_end || start.value > arch::program_end - size) return fail(Error::invalid);
    u64 end = start.value + align_up(size, page_size);
    if (end == start.value) return {};
    Change change(*this);
    TRY(split_large_page(start.value));
    TRY(split_large_page(end));
    for (auto area = areas_->first_above(start.value); area != areas_->end() && area->start < end; ++area) {
        if (area->locked) return fail(Error::invalid);  // as Linux says
        zap(std::max(area->start, start.value), std::min(area->end, end));
    }
    if (!is_covered(start.value, end)) return fail(Error::no_memory);
    return {};
}

void AddressSpace::unmap_pages_of(PageCache& cache, u64 first, u64 end, PrivateCopies copies) {
    Guard guard(mutex_);
    for (auto& area : *areas_) {
        if (!area.object || &area.object->pages() != &cache) continue;
        u64 low = std::max(first, area.index_of(area.start)), high = std::min(end, area.index_of(area.end));
        if (low >= high) continue;
        u64 base = area.start - (area.index_of(area.start) << page_shift);  // where page 0 would be
        zap(base + (low << page_shift), base + (high << page_shift), copies);
    }
}

void AddressSpace::initialise_break(VirtAddr start) {
    Guard guard(mutex_);
    break_start_ = break_ = start.value;
}

VirtAddr AddressSpace::set_break(VirtAddr wanted) {
    Change change(*this);
    auto current = VirtAddr{break_};
    if (wanted.value < break_start_ || wanted.value > arch::program_end - page_size) return current;
    u64 from = align_up(break_, page_size), to = align_up(wanted.value, page_size);
    if (to > from) {
        auto area = make_owned<Area>();
        if (!area || !areas_->is_free(from, to)) return current;
        (*area)->start = from;
        (*area)->end = to;
        (*area)->access = {.read = true, .write = true};
        (*area)->limit = {true, true, true};
        (*area)->name = "[heap]";
        if (!check_limits(to - from, **area)) return current;
        (*area)->locked = lock_future_ != LockFuture::no;
        if ((*area)->locked && !check_lock_limit(to - from)) return current;
        if (!map_area(std::move(*area))) return current;
    } else if (to < from && !unmap_locked(to, from)) {
        return current;
    }
    break_ = wanted.value;
    return wanted;
}

}  // namespace spore::memory
