#include "kernel/linux/ipc/segments.hpp"

#include "kernel/memory/anonymous_object.hpp"

namespace spore::linux::ipc {

namespace {
constinit Segments all;
}  // namespace
Segments& segments() { return all; }

Result<i32> Segments::get(const Wanted& wanted, u64 size, const Credentials& who, i32 process) {
    sweep();
    return table_.get(wanted, who, [&](Segment& segment) -> Result<void> {
        if (size > segment.size) return fail(Error::invalid);
        return {};
    }, [&]() -> Result<Shared<Segment>> {
        if (size == 0 || size > system_limits.segment_bytes.load(std::memory_order_relaxed)) return fail(Error::invalid);
        u64 pages = 0, most = system_limits.segment_pages.load(std::memory_order_relaxed);
        table_.for_each([&](Segment& segment) { pages += segment.pages(); });
        if (pages > most || size > (most - pages) * page_size) return fail(Error::no_space);
        if (size > memory::memory_use().total) return fail(Error::no_memory);
        auto made = TRY(make_shared<Segment>());
        made->object = TRY(memory::create_anonymous_object(align_up(size, page_size)));
        made->size = size, made->creator = process;
        return made;
    });
}

}  // namespace spore::linux::ipc
