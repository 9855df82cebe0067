// A copy of an address space for fork: what is private is shared until one side writes to it.
#include "kernel/memory/change.hpp"

namespace spore::memory {

/// Where pages have lost write access, from low addresses to high ones. What lies between a few of such places keeps its translations.
class AddressSpace::Narrowed {
public:
    void add(u64 page) {
        constexpr u64 near = 16 * page_size;  // one flush more costs as much as some translations
        if (count_ == 0 || (page > ranges_[count_ - 1].end + near && count_ < most)) ranges_[count_++].start = page;
        ranges_[count_ - 1].end = page + page_size;
    }
    void flush(const arch::PageTable& table) const {
        for (u32 i = 0; i < count_; ++i) table.flush({ranges_[i].start}, {ranges_[i].end});
    }

private:
    static constexpr u32 most = 8;
    struct Range {
        u64 start = 0, end = 0;
    };
    Range ranges_[most]{};
    u32 count_ = 0;
};

Result<Shared<AddressSpace>> AddressSpace::fork() {
    auto child = TRY(create());
    Guard guard(mutex_);
    // The child has no threads yet, but PageCache::drop may reach it through the areas it gets.
    Guard child_guard(child->mutex_);
    child->mmap_base_ = child->search_from_ = mmap_base_;
    child->break_start_ = break_start_;
    child->break_ = break_;
    child->limit_total_ = limit_total_;
    child->limit_data_ = limit_data_;
    child->limit_stack_ = limit_stack_;
    Narrowed narrowed;
    auto result = copy_areas_to(*child, narrowed);
    narrowed.flush(page_table_);  // however far it came
    if (!result) return fail(result.error());
    return child;
}

Result<void> AddressSpace::copy_areas_to(AddressSpace& child, Narrowed& narrowed) {
    for (auto& area : *areas_) {
        auto copy = TRY(make_owned<Area>());
        copy->start = area.start;
        copy->end = area.end;
        copy->access = area.access;
        copy->limit = area.limit;
        copy->sharing = area.sharing;
        copy->grows_down = area.grows_down;
        copy->no_reserve = area.no_reserve;
        copy->dumped = area.dumped;
        copy->object = area.object;
        copy->offset = area.offset;
        copy->name = area.name;
        if (copy->is_promised() && !commitment.allows(copy->size())) return fail(Error::no_memory);
        child.account(*copy, static_cast<i64>(copy->size()));
        child.attach(*copy.release(), area.mapping.passes);
        if (area.is_private()) TRY(share_pages_with(child, area, narrowed));
    }
    return {};
}

/// Pages of objects are left out: the child finds them in their cache.
Result<void> AddressSpace::share_pages_with(AddressSpace& child, const Area& area, Narrowed& narrowed) {
    u64 at = area.start;
    while ((at = page_table_.next_mapped({at}, {area.end}).value) < area.end) {
        auto mapping = page_table_.query({at});
        if (mapping.size != page_size) {
            // Small pages can be copied and freed one at a time by each side.
            TRY(split_large_page(at + page_size));
            mapping = page_table_.query({at});
        }
        Frame& frame = frame_of(mapping.frame);
        if (is_managed(frame) && frame.kind == FrameKind::anonymous) {
            auto access = mapping.access;
            access.write = false;
            if (mapping.access.write) page_table_.protect({at}, access), narrowed.add(at);
            TRY(child.page_table_.map({at}, mapping.frame, access));
            memory::retain(frame);
            child.count_resident(page_size);
        }
        at += page_size;
    }
    return {};
}

}  // namespace spore::memory
