#include "kernel/linux/ring/memory.hpp"

#include <algorithm>

#include "kernel/memory/anonymous_object.hpp"

namespace spore::linux {

Result<RingMemory> RingMemory::create(u64 size) {
    RingMemory memory;
    memory.object_ = TRY(memory::create_anonymous_object(size));
    memory.pages_ = TRY(HeapArray<memory::FrameRef>::create(size / page_size));
    for (u64 i = 0; i < size / page_size; ++i) memory.pages_[i] = TRY(memory.object_->pages().get(i));
    return memory;
}

void RingMemory::put(u64 at, ByteSpan bytes) {
    while (!bytes.empty()) {
        u64 part = std::min<u64>(bytes.size(), page_size - at % page_size);
        std::memcpy(at_byte(at), bytes.data(), part);
        at += part;
        bytes = bytes.subspan(part);
    }
}

}  // namespace spore::linux
