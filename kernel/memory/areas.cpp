// The areas of an address space: splitting, merging, finding room, limits.
#include <algorithm>
#include <iterator>

#include "kernel/core/panic.hpp"
#include "kernel/memory/area.hpp"

namespace spore::memory {

constinit Commitment commitment;
constinit std::atomic<u64> most_areas = 65530;

bool Commitment::allows_much(u64 more) const {
    // What is more than all memory at once is refused, but for what programs map ahead without asking how small the machine is (Go 64 MiB, databases 128).
    constexpr u64 ahead = 256_MiB;
    switch (mode.load(std::memory_order_relaxed)) {
    case guess: return more <= memory_use().total + ahead;
    case never: return promised.load(std::memory_order_relaxed) + more <= limit();
    default: return true;
    }
}

Result<void> AddressSpace::split_large_page(u64 at) {
    if (is_aligned(at, arch::large_page_size)) return {};
    auto mapping = page_table_.query({at});
    if (mapping.size != arch::large_page_size) return {};
    TRY(page_table_.split({at}));
    // Only this address space maps it: fork() splits what it shares.
    split_block(frame_of(mapping.frame));
    u64 start = align_down(at, arch::large_page_size);
    page_table_.flush({start}, {start + arch::large_page_size});
    return {};
}

Result<void> AddressSpace::split_at(u64 at) {
    Area* area = areas_->find(at);
    if (!area || area->start == at) return {};
    if (areas_->count() >= most_areas.load(std::memory_order_relaxed)) return fail(Error::no_memory);
    TRY(split_large_page(at));
    auto upper = TRY(make_owned<Area>());
    upper->start = at;
    upper->end = area->end;
    upper->access = area->access;
    upper->limit = area->limit;
    upper->sharing = area->sharing;
    upper->grows_down = false;  // only the lowest part is where a stack grows
    upper->locked = area->locked;
    upper->no_reserve = area->no_reserve;
    upper->dumped = area->dumped;
    upper->object = area->object;
    upper->offset = area->object ? area->offset + (at - area->start) : 0;
    upper->name = area->name;
    area->end = at;
    attach(*upper.release(), area->mapping.passes);
    return {};
}

void AddressSpace::attach(Area& area, u64 passes) {
    areas_->insert(area);
    if (area.object) area.object->pages().add_mapping(area.mapping, *this, passes);
}

/// Takes the area out. Its object may go with it, which may take locks of a file system: Change does that later.
void AddressSpace::remove(Area& area) {
    areas_->remove(area);
    if (area.object) area.object->pages().remove_mapping(area.mapping);
    area.next_removed = removed_;
    removed_ = &area;
}

bool AddressSpace::absorb(Area* left, Area* right) {
    if (!left || !right || left->end != right->start || !left->continues_in(*right)) return false;
    u64 end = right->end;
    left->mapping.passes = std::min(left->mapping.passes, right->mapping.passes);
    remove(*right);
    left->end = end;
    return true;
}

/// Merges what can be merged among the areas from the one that ends at `start` to the one that begins at `end`.
void AddressSpace::merge_around(u64 start, u64 end) {
    auto at = areas_->first_above(start ? start - 1 : 0);
    if (at == areas_->end()) return;
    Area* area = &*at;
    while (Area* next = areas_->next(*area)) {
        if (next->start > end) break;
        if (!absorb(area, next)) area = next;
    }
}

bool AddressSpace::is_covered(u64 start, u64 end) { return start < end && areas_->first_hole(start, end) == end; }

void AddressSpace::account(const Area& area, i64 bytes) {
    auto change = static_cast<u64>(bytes);
    use_.virtual_bytes += change;
    if (area.counts_as_data()) use_.data_bytes += change;
    if (area.grows_down) use_.stack_bytes += change;
    if (area.locked) use_.locked_bytes += change;
    if (area.counts_as_code()) use_.code_bytes += change;
    if (area.is_promised() || area.grows_down) commitment.promised.fetch_add(change, std::memory_order_relaxed);
}

Result<void> AddressSpace::check_limits(u64 size, const Area& area) const {
    if (size > limit_total_ || use_.virtual_bytes > limit_total_ - size) return fail(Error::no_memory);
    if (area.counts_as_data() && (size > limit_data_ || use_.data_bytes > limit_data_ - size)) return fail(Error::no_memory);
    if (area.is_promised() && !commitment.allows(size)) return fail(Error::no_memory);
    return {};
}

/// The highest address below `top` with room for `size` bytes, or 0. Notes the widest gap that it passed over.
u64 AddressSpace::gap_below(u64 top, u64 size, u64 alignment) {
    auto above = areas_->first_above(top - 1);
    u64 high = above == areas_->end() ? top : std::min(top, above->start);
    while (true) {
        u64 low = arch::program_start;
        bool last = above == areas_->begin();
        if (!last) low = std::max(low, std::prev(above)->end);
        if (high >= low && high - low >= size) {
            u64 start = align_down(high - size, alignment);
            if (start >= low) {
                widest_skipped_ = std::max(widest_skipped_, high - start - size);
                return start;
            }
        }
        if (high > low) widest_skipped_ = std::max(widest_skipped_, high - low);
        if (last) return 0;
        --above;
        high = above->start;
    }
}

Result<u64> AddressSpace::find_gap(u64 size, u64 alignment) {
    if (size <= widest_skipped_) search_from_ = mmap_base_;
    if (search_from_ == mmap_base_) widest_skipped_ = 0;
    u64 start = gap_below(search_from_, size, alignment);
    if (!start && search_from_ != mmap_base_) {
        widest_skipped_ = 0;
        start = gap_below(mmap_base_, size, alignment);
    }
    // Last, the room between the base and the stack.
    if (!start) start = gap_below(arch::program_end, size, alignment);
    if (!start) {
        search_from_ = mmap_base_;
        return fail(Error::no_memory);
    }
    search_from_ = std::min(start, mmap_base_);
    return start;
}

/// For the few that must lie in a part of the addresses. What find_gap() passed over stays noted.
Result<u64> AddressSpace::find_gap_between(u64 low, u64 high, u64 size) {
    u64 skipped = widest_skipped_;
    u64 start = gap_below(high, size, page_size);
    widest_skipped_ = skipped;
    if (!start || start < low) return fail(Error::no_memory);
    return start;
}

Result<u64> AddressSpace::choose_place(const MapRequest& request, u64 size) {
    u64 start = request.hint.value;
    if (request.placement == Placement::anywhere) {
        start = align_down(start, page_size);
        u64 high = request.below.value ? request.below.value : arch::program_end;
        if (start >= arch::program_start && size <= high && start <= high - size && areas_->is_free(start, start + size)) return start;
        if (request.below.value) return find_gap_between(request.from.value, high, size);
        // Room for large pages, where that takes no more than addresses.
        if (!request.object && size >= 2 * arch::large_page_size)
            if (auto aligned = find_gap(size, arch::large_page_size)) return *aligned;
        return find_gap(size, page_size);
    }
    if (!is_aligned(start, page_size)) return fail(Error::invalid);
    if (start < arch::program_start) return fail(Error::not_permitted);
    if (start > arch::program_end - size) return fail(Error::no_memory);
    if (areas_->is_free(start, start + size)) return start;
    if (request.placement == Placement::exactly_if_free) return fail(Error::exists);
    TRY(unmap_locked(start, start + size));
    return start;
}

}  // namespace spore::memory
