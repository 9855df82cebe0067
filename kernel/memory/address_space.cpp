// Beginning and end of an address space, and looking into it from outside.
#include "kernel/memory/address_space.hpp"

#include <algorithm>
#include <cstring>

#include "kernel/memory/change.hpp"

namespace spore::memory {

AddressSpace::AddressSpace(arch::PageTable table, Owned<AreaSet> areas) : page_table_(std::move(table)), areas_(std::move(areas)) {}

Result<Shared<AddressSpace>> AddressSpace::create() {
    auto areas = TRY(make_owned<AreaSet>());
    auto table = TRY(arch::PageTable::create());
    return make_shared<AddressSpace>(std::move(table), std::move(areas));
}

AddressSpace::~AddressSpace() {
    Change change(*this);
    zap(0, arch::program_end);
    for (auto at = areas_->begin(); at != areas_->end();) remove(*at++);
    commitment.promised.fetch_sub(use_.data_bytes + use_.stack_bytes, std::memory_order_relaxed);
}

void AddressSpace::set_mmap_base(VirtAddr top) {
    Guard guard(mutex_);
    mmap_base_ = search_from_ = align_down(top.value, page_size);
    widest_skipped_ = 0;
}

void AddressSpace::set_limits(u64 address_space, u64 data, u64 stack) {
    Guard guard(mutex_);
    limit_total_ = address_space;
    limit_data_ = data;
    limit_stack_ = stack;
}

AddressSpace::Use AddressSpace::use() const {
    Guard guard(mutex_);
    return use_;
}

namespace {
AddressSpace::AreaInfo info_of(const Area& area) {
    return {{area.start}, {area.end}, area.access, area.sharing, area.offset, area.object.get(), area.name, area.locked, area.dumped};
}
}  // namespace

void AddressSpace::visit_areas(Visitor visitor, void* context) {
    Guard guard(mutex_);
    for (auto& area : *areas_) visitor(context, info_of(area));
}

VirtAddr AddressSpace::visit_some_areas(VirtAddr from, u64 most, Visitor visitor, void* context) {
    Guard guard(mutex_);
    for (auto area = areas_->first_above(from.value); area != areas_->end() && most-- > 0; ++area) {
        visitor(context, info_of(*area));
        from = {area->end};
    }
    return from;
}

bool AddressSpace::is_mapped(VirtAddr start, u64 size) {
    Guard guard(mutex_);
    return size == 0 || is_covered(start.value, align_up(start.value + size, page_size));
}

bool AddressSpace::visit_area_at(VirtAddr at, Visitor visitor, void* context) {
    Guard guard(mutex_);
    const Area* area = areas_->find(at.value);
    if (area) visitor(context, info_of(*area));
    return area != nullptr;
}

Result<void> AddressSpace::populate(VirtAddr start, u64 size) {
    u64 at = align_down(start.value, page_size);
    if (size > arch::program_end || start.value > arch::program_end - size) return fail(Error::no_memory);
    u64 end = align_up(start.value + size, page_size);
    while (at < end) {
        arch::Access wanted{.read = true};
        {
            Guard guard(mutex_);
            Area* area = areas_->find(at);
            if (!area) return fail(Error::no_memory);
            if (area->access == arch::Access{}) {
                at = area->end;
                continue;
            }
            if (auto mapping = page_table_.query({at}); mapping.size) {
                at = align_down(at, mapping.size) + mapping.size;
                continue;
            }
            // A private page is made the program's own at once.
            wanted.write = area->access.write && (area->is_private() || !area->object);
        }
        switch (handle_fault({at}, wanted)) {
            case FaultOutcome::served: break;
            case FaultOutcome::beyond_object: return fail(Error::bad_address);
            default: return fail(Error::no_memory);
        }
        at += page_size;
    }
    return {};
}

Result<void> AddressSpace::residency(VirtAddr start, u64 size, std::span<u8> out) {
    u64 at = start.value;
    if (!is_aligned(at, page_size)) return fail(Error::invalid);
    if (size > arch::program_end || at > arch::program_end - size) return fail(Error::no_memory);
    Guard guard(mutex_);
    if (size && !is_covered(at, align_up(at + size, page_size))) return fail(Error::no_memory);
    for (u64 i = 0; i < out.size() && i * page_size < size; ++i, at += page_size) {
        Area* area = areas_->find(at);
        bool there = page_table_.query({at}).size || (area->object && area->object->pages().find(area->index_of(at)));
        out[i] = there ? 1 : 0;
    }
    return {};
}

Result<void> AddressSpace::write_back(VirtAddr start, u64 size) {
    for (u64 at = start.value, end = at + size; at < end;) {
        Shared<MappedObject> object;
        {
            Guard guard(mutex_);
            auto area = areas_->first_above(at);
            if (area == areas_->end() || area->start >= end) return {};
            if (!area->is_private()) object = area->object;
            at = area->end;
        }
        if (object) TRY(object->write_back());
    }
    return {};
}

Result<FrameRef> AddressSpace::hold_page(VirtAddr at) {
    VirtAddr page{align_down(at.value, page_size)};
    if (page.value >= arch::program_end) return fail(Error::bad_address);
    while (true) {
        {
            Guard guard(mutex_);
            auto mapping = page_table_.query(page);
            // A block of frames has one count, which its pages would not get back when the program's large page is split.
            if (mapping.size > page_size) {
                TRY(split_large_page(align_down(page.value, arch::large_page_size) + page_size));
                mapping = page_table_.query(page);
            }
            if (mapping.size && mapping.access != arch::Access{}) return FrameRef::of(frame_of(mapping.frame));
        }
        switch (handle_fault(page, {.read = true})) {
            case FaultOutcome::served: break;
            case FaultOutcome::no_memory: return fail(Error::no_memory);
            default: return fail(Error::bad_address);
        }
    }
}

template <typename Copy>
Result<std::size_t> AddressSpace::access_remotely(VirtAddr at, std::size_t size, arch::Access wanted, Copy&& copy) {
    std::size_t done = 0;
    while (done < size) {
        VirtAddr page{align_down(at.value + done, page_size)};
        std::size_t offset = at.value + done - page.value, part = std::min<std::size_t>(size - done, page_size - offset);
        if (page.value >= arch::program_end) break;
        bool there;
        {
            Guard guard(mutex_);
            auto mapping = page_table_.query(page);
            there = mapping.size && (wanted.write ? mapping.access.write : mapping.access != arch::Access{});
            if (there) copy(static_cast<std::byte*>(arch::direct(mapping.frame)) + page.value % mapping.size + offset, done, part);
        }
        if (there) done += part;
        else if (handle_fault(page, wanted) != FaultOutcome::served) break;
    }
    if (done == 0 && size > 0) return fail(Error::bad_address);
    return done;
}

Result<std::size_t> AddressSpace::read(VirtAddr from, MutableByteSpan into) {
    return access_remotely(from, into.size(), {.read = true},
                           [&](const std::byte* bytes, std::size_t done, std::size_t part) { std::memcpy(into.data() + done, bytes, part); });
}

Result<std::size_t> AddressSpace::write(VirtAddr to, ByteSpan from) {
    return access_remotely(to, from.size(), {.write = true},
                           [&](std::byte* bytes, std::size_t done, std::size_t part) { std::memcpy(bytes, from.data() + done, part); });
}

}  // namespace spore::memory
