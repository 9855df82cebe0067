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
        if (size == 0) return fail(Error::invalid);
        if (size > memory::memory_use().total) return fail(Error::no_memory);
        auto made = TRY(make_shared<Segment>());
        made->object = TRY(memory::create_anonymous_object(align_up(size, page_size)));
        made->size = size, made->creator = process;
        return made;
    });
}

}  // namespace spore::linux::ipc
