// Advice that areas keep: whether core files show them (MADV_DONTDUMP, MADV_DODUMP).
#include "kernel/memory/change.hpp"

namespace spore::memory {

Result<void> AddressSpace::set_dumped(VirtAddr start, u64 size, bool dumped) {
    if (!is_aligned(start.value, page_size) || size > arch::program_end || start.value > arch::program_end - size) return fail(Error::invalid);
    u64 from = start.value, end = from + align_up(size, page_size);
    Change change(*this);
    // Up to the first hole, as Linux does.
    u64 hole = areas_->first_hole(from, end);
    if (hole > from) {
        TRY(split_at(from));
        TRY(split_at(hole));
        for (auto area = areas_->first_above(from); area != areas_->end() && area->start < hole; ++area) area->dumped = dumped;
        merge_around(from, hole);
    }
    if (hole < end) return fail(Error::no_memory);
    return {};
}

}  // namespace spore::memory
