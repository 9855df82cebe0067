// Page faults: what a program touches is filled in here, and nowhere else.
#include <algorithm>
#include <bit>
#include <cstring>

#include "arch/narrow_access.hpp"
#include "kernel/memory/area.hpp"
#include "kernel/memory/frame_kind.hpp"

namespace spore::memory {
namespace {

/// A stack stays this far from what lies below it, so that it cannot run into it unnoticed (Linux's default too).
constexpr u64 stack_guard_gap = 1_MiB;
/// Pages around a fault on a file that are mapped with it if they are at hand.
constexpr u64 neighbourhood = 16 * page_size;

bool is_none(arch::Access access) { return !access.read && !access.write && !access.execute; }

/// Whether `granted` serves `wanted`. What may be written or executed may be read: CPUs do not tell these apart.
bool allows(arch::Access granted, arch::Access wanted) {
    return (!wanted.write || granted.write) && (!wanted.execute || granted.execute) && (!wanted.read || !is_none(granted));
}

arch::Access without_write(arch::Access access) {
    access.write = false;
    return access;
}

bool is_anonymous(const Frame& frame) { return is_managed(frame) && frame.kind == FrameKind::anonymous; }

/// Whether this is a private page that only one address space maps: it may be written to where it is.
bool is_sole_copy(const Frame& frame) { return is_anonymous(frame) && frame.references.load(std::memory_order_acquire) == 1; }

/// What more than is needed is filled from.
bool is_plentiful() {
    auto use = memory_use();
    return use.free >= use.total / 4;
}

}  // namespace

FaultOutcome AddressSpace::handle_fault(VirtAddr at, arch::Access wanted) {
    u64 page = align_down(at.value, page_size);
    FrameRef loaded;  // held until it is mapped, so that it is not dropped before
    while (true) {
        Load load;
        FaultOutcome outcome;
        {
            Guard guard(mutex_);
            outcome = fault_locked(page, wanted, load);
        }
        if (!load.object) return outcome;
        // Loading may sleep, and may take locks under which a file system calls PageCache::drop: not with the mutex held.
        auto result = load.object->pages().get(load.index);
        if (!result) return result.error() == Error::no_memory ? FaultOutcome::no_memory : FaultOutcome::beyond_object;
        loaded = std::move(*result);
    }
}

FaultOutcome AddressSpace::fault_locked(u64 page, arch::Access wanted, Load& load) {
    Area* area = area_for_fault(page);
    if (!area) return FaultOutcome::no_area;
    if (!allows(area->access, wanted)) return FaultOutcome::access_denied;
    auto mapping = page_table_.query({page});
    if (mapping.size) return fault_present(*area, page, wanted, mapping);
    return area->object ? fault_object(*area, page, wanted, load) : fault_anonymous(*area, page, wanted);
}

/// The area at `page`; a stack just above it grows to hold it.
Area* AddressSpace::area_for_fault(u64 page) {
    if (Area* area = areas_->find(page)) return area;
    auto above = areas_->first_above(page);
    if (above == areas_->end() || !above->grows_down || page < arch::program_start) return nullptr;
    Area& stack = *above;
    if (stack.end - page > limit_stack_) return nullptr;
    if (Area* below = areas_->previous(stack))
        if (!is_none(below->access) && page - below->end < stack_guard_gap) return nullptr;
    u64 growth = stack.start - page;
    if (!check_limits(growth, stack) || (stack.locked && !check_lock_limit(growth))) return nullptr;
    account(stack, static_cast<i64>(growth));
    stack.start = page;  // its place in the order of areas stays
    return &stack;
}

FaultOutcome AddressSpace::map_frame(u64 page, FrameRef frame, arch::Access access, std::size_t size) {
    if (!page_table_.map({page}, frame.address(), access, size)) return FaultOutcome::no_memory;
    (void)frame.leak();  // the mapping's own reference now
    count_resident(static_cast<i64>(size));
    return FaultOutcome::served;
}

FaultOutcome AddressSpace::fault_anonymous(Area& area, u64 page, arch::Access wanted) {
    if (wanted.write && is_aligned(page, arch::large_page_size) && map_large_page(area, page)) return FaultOutcome::served;
    if (arch::anonymous_fill > page_size && map_block(area, page)) return FaultOutcome::served;
    // What is read first is mostly written next: one fault with a page of its own is cheaper than two with a shared page of zeros.
    auto frame = allocate_frames();
    if (!frame) return FaultOutcome::no_memory;
    std::memset(bytes_of_frame(**frame), 0, page_size);
    set_kind(**frame, FrameKind::anonymous);
    return map_frame(page, FrameRef::adopt(*frame), area.access);
}

/// Maps 2 MiB at once where all of it is the area's and empty, and memory is plentiful. Only for the first page of them: memory that is
/// used from its start upwards will be used whole, unlike a stack, which starts at the other end.
bool AddressSpace::map_large_page(Area& area, u64 page) {
    u64 end = page + arch::large_page_size;
    if (end > area.end || area.grows_down || page_table_.next_mapped({page}, {end}).value < end) return false;
    auto use = memory_use();
    if (use.total < 192_MiB || use.free < use.total / 2) return false;
    auto block = allocate_zeroed_frames(max_order);
    if (!block) return false;
    set_kind(**block, FrameKind::anonymous);
    if (map_frame(page, FrameRef::adopt(*block), area.access, arch::large_page_size) != FaultOutcome::served) return false;
    // A table of small pages may have been in its place, empty, and CPUs remember tables too ([intel/vol3 4.10.3]).
    page_table_.flush({page}, {end});
    return true;
}

/// Maps the block of arch::anonymous_fill bytes that holds `page`, where all of it is the area's and empty, and memory is plentiful.
bool AddressSpace::map_block(Area& area, u64 page) {
    constexpr u64 size = arch::anonymous_fill;
    u64 start = align_down(page, size), end = start + size;
    if (start < area.start || end > area.end || page_table_.next_mapped({start}, {end}).value < end || !is_plentiful()) return false;
    auto block = allocate_zeroed_frames(std::countr_zero(size / page_size));
    if (!block) return false;
    set_kind(**block, FrameKind::anonymous);
    split_block(**block);
    FrameRef frames[size / page_size];
    for (u64 i = 0; i < size / page_size; ++i) frames[i] = FrameRef::adopt(*block + i);
    for (u64 i = 0; i < size / page_size; ++i)
        if (map_frame(start + i * page_size, std::move(frames[i]), area.access) != FaultOutcome::served) break;
    return page_table_.query({page}).size != 0;
}

/// Maps a new private page with these contents, in place of what was there.
FaultOutcome AddressSpace::map_copy(Area& area, u64 page, const std::byte* contents) {
    auto frame = allocate_frames();
    if (!frame) return FaultOutcome::no_memory;
    set_kind(**frame, FrameKind::anonymous);
    std::memcpy(bytes_of_frame(**frame), contents, page_size);
    return map_frame(page, FrameRef::adopt(*frame), area.access);
}

/// map_copy for all of the block of arch::anonymous_fill bytes that holds `page`, where it is all private pages, and memory is plentiful.
bool AddressSpace::copy_block(Area& area, u64 page) {
    constexpr u64 count = arch::anonymous_fill / page_size;
    u64 start = align_down(page, arch::anonymous_fill), end = start + arch::anonymous_fill;
    if (start < area.start || end > area.end || !is_plentiful()) return false;
    Frame* shared[count];
    for (u64 i = 0; i < count; ++i) {
        auto mapping = page_table_.query({start + i * page_size});
        // Where another thread may be writing, the copy could miss it.
        if (mapping.size != page_size || mapping.access.write || !is_anonymous(*(shared[i] = &frame_of(mapping.frame)))) return false;
    }
    auto block = allocate_frames(std::countr_zero(count));
    if (!block) return false;
    set_kind(**block, FrameKind::anonymous);
    split_block(**block);
    FrameRef old[count];
    for (u64 i = 0; i < count; ++i) {
        std::memcpy(bytes_of_frame(*(*block + i)), bytes_of_frame(*shared[i]), page_size);
        (void)map_frame(start + i * page_size, FrameRef::adopt(*block + i), area.access);  // tables are there
        old[i] = FrameRef::adopt(shared[i]);
    }
    count_resident(-static_cast<i64>(end - start));  // they took the place of others
    page_table_.flush({start}, {end});
    return true;
}

/// The pages around that are this address space's alone may be written to again, too.
void AddressSpace::widen_block(Area& area, u64 page) {
    u64 start = std::max(area.start, align_down(page, arch::anonymous_fill)), end = std::min(area.end, align_down(page, arch::anonymous_fill) + arch::anonymous_fill);
    for (u64 at = start; at < end; at += page_size) {
        auto mapping = page_table_.query({at});
        if (mapping.size == page_size && !mapping.access.write && is_sole_copy(frame_of(mapping.frame))) page_table_.protect({at}, area.access);
    }
}

FaultOutcome AddressSpace::fault_object(Area& area, u64 page, arch::Access wanted, Load& load) {
    u64 index = area.index_of(page);
    auto& cache = area.object->pages();
    if (index >= align_up(area.object->size(), page_size) >> page_shift) return FaultOutcome::beyond_object;
    auto frame = cache.at_hand(index);
    if (!frame) {
        load = {area.object, index};
        return FaultOutcome::served;
    }
    if (wanted.write) {
        if (area.is_private()) return map_copy(area, page, frame.bytes());
        PageCache::mark_dirty(*frame);
        area.object->written();
        return map_frame(page, std::move(frame), area.access);
    }
    auto outcome = map_frame(page, std::move(frame), without_write(area.access));
    if (outcome == FaultOutcome::served) map_neighbours(area, page);
    return outcome;
}

void AddressSpace::map_neighbours(Area& area, u64 page) {
    u64 first = align_down(page, neighbourhood), end = std::min(first + neighbourhood, area.end);
    first = std::max(first, area.start);
    u64 file_end = align_up(area.object->size(), page_size);
    for (u64 at = first; at < end; at += page_size) {
        if (at == page) continue;
        if (area.index_of(at) << page_shift >= file_end) return;
        if (page_table_.query({at}).size) continue;
        auto frame = area.object->pages().at_hand(area.index_of(at));
        if (frame && map_frame(at, std::move(frame), without_write(area.access)) != FaultOutcome::served) return;
    }
}

FaultOutcome AddressSpace::fault_present(Area& area, u64 page, arch::Access wanted, const arch::Mapping& mapping) {
    // Another thread was faster, or this CPU remembered narrower access than there is now.
    if (allows(mapping.access, wanted)) {
        arch::forget_narrower(page_table_, {page});
        return FaultOutcome::served;
    }
    Frame& frame = frame_of(mapping.frame);
    if (!area.is_private()) {
        PageCache::mark_dirty(frame);
        area.object->written();
    } else if (!is_sole_copy(frame)) {
        if (!wanted.write) {
            page_table_.protect({page}, without_write(area.access));
            return FaultOutcome::served;
        }
        if (arch::anonymous_fill > page_size && copy_block(area, page)) return FaultOutcome::served;
        FrameRef old = FrameRef::adopt(&frame);  // the mapping's reference
        auto outcome = map_copy(area, page, old.bytes());
        if (outcome != FaultOutcome::served) {
            (void)old.leak();
            return outcome;
        }
        count_resident(-static_cast<i64>(page_size));  // it took the place of another
        page_table_.flush({page}, {page + page_size});
        return outcome;
    } else if (arch::anonymous_fill > page_size) {
        widen_block(area, page);
    }
    // A wider access needs no flush: another CPU that still has the narrow one comes here, too.
    page_table_.protect({page}, area.access);
    arch::forget_narrower(page_table_, {page});
    return FaultOutcome::served;
}

void AddressSpace::count_resident(i64 bytes) {
    use_.resident_bytes += static_cast<u64>(bytes);
    use_.peak_resident_bytes = std::max(use_.peak_resident_bytes, use_.resident_bytes);
}

}  // namespace spore::memory
