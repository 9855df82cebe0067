// Changing what pages may be used for: mprotect.
#include "kernel/memory/change.hpp"

namespace spore::memory {
namespace {

bool exceeds(arch::Access wanted, arch::Access limit) {
    return (wanted.read && !limit.read) || (wanted.write && !limit.write) || (wanted.execute && !limit.execute);
}

}  // namespace

Result<void> AddressSpace::protect(VirtAddr start, u64 size, arch::Access access) {
    if (!is_aligned(start.value, page_size) || size > arch::program_end || start.value > arch::program_end - size) return fail(Error::invalid);
    if (size == 0) return {};
    u64 from = start.value, wanted_end = from + align_up(size, page_size);
    Change change(*this);
    u64 end = areas_->first_hole(from, wanted_end);  // up to there, as Linux does
    if (end == from) return fail(Error::no_memory);
    u64 becomes_data = 0, becomes_promised = 0;
    for (auto area = areas_->first_above(from); area != areas_->end() && area->start < end; ++area) {
        if (exceeds(access, area->limit)) return fail(Error::access_denied);
        if (!access.write || !area->is_private() || area->access.write || area->grows_down) continue;
        u64 part = std::min(area->end, end) - std::max(area->start, from);
        becomes_data += part;
        if (!area->no_reserve) becomes_promised += part;
    }
    if (becomes_data && (use_.data_bytes + becomes_data > limit_data_ || !commitment.allows(becomes_promised))) return fail(Error::no_memory);

    TRY(split_at(from));
    TRY(split_at(end));
    bool narrowed = false, mapped = false;
    for (auto area = areas_->first_above(from); area != areas_->end() && area->start < end; ++area) {
        if (area->access == access) continue;
        narrowed |= exceeds(area->access, access) || area->access.branch_targets != access.branch_targets;
        account(*area, -static_cast<i64>(area->size()));
        area->access = access;
        account(*area, static_cast<i64>(area->size()));
        mapped |= protect_pages(*area);
    }
    if (narrowed && mapped) page_table_.flush(start, {end});
    merge_around(from, end);
    if (end < wanted_end) return fail(Error::no_memory);
    return {};
}

/// Gives the mapped pages of the area its access; whether there are any.
bool AddressSpace::protect_pages(Area& area) {
    arch::Access unwritten = area.access;
    unwritten.write = false;
    bool any = false;
    u64 at = area.start;
    while ((at = page_table_.next_mapped({at}, {area.end}).value) < area.end) {
        auto mapping = page_table_.query({at});
        Frame& frame = frame_of(mapping.frame);
        // Pages that others see stay unwritable until a fault copies them; pages of objects until a fault has noted the write.
        bool own = is_managed(frame) && frame.kind == FrameKind::anonymous && frame.references.load(std::memory_order_acquire) == 1;
        page_table_.protect({at}, own ? area.access : unwritten);
        any = true;
        at = align_down(at, mapping.size) + mapping.size;
    }
    return any;
}

}  // namespace spore::memory
