#include "kernel/fs/paged.hpp"

#include <algorithm>

namespace spore::fs {

Result<u64> read_pages(memory::PageCache& pages, u64 size, IoBuffer& into, u64 offset) {
    if (offset >= size) return 0;
    into.limit(size - offset);
    u64 done = 0;
    while (into.remaining() != 0) {
        u64 within = offset % page_size;
        u64 part = std::min(into.remaining(), page_size - within);
        auto frame = pages.get(offset / page_size);
        if (!frame) return done ? Result<u64>(done) : fail(frame.error());
        if (auto copied = into.put({frame->bytes() + within, part}); !copied) return done ? Result<u64>(done) : fail(copied.error());
        done += part;
        offset += part;
    }
    return done;
}

}  // namespace spore::fs
