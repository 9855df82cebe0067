// What a frame is for, where others may look at it: its owner says so, and the allocator looks at a neighbour's kind to see whether that is free,
// whoever has it (Buddy::free). It is never `free` by its owner's hand, so whichever of the owner's is seen is as good as another.
#pragma once

#include "kernel/memory/frame.hpp"

namespace spore::memory {

inline void set_kind(Frame& frame, FrameKind kind) { __atomic_store(&frame.kind, &kind, __ATOMIC_RELAXED); }
inline bool is_of_kind(const Frame& frame, FrameKind kind) {
    FrameKind found;
    __atomic_load(&frame.kind, &found, __ATOMIC_RELAXED);
    return found == kind;
}

}  // namespace spore::memory
