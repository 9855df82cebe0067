// When memory is about to run out.
#pragma once

#include "kernel/memory/frame.hpp"

namespace spore::memory {

/// The last 64th is being used, or would be with what is wanted. Who can be told to do without more (fork) should be, so that the pages of what runs remain to be had.
inline bool is_short(u64 wanted = 0) {
    auto use = memory_use();
    return use.free + use.cached < use.total / 64 + wanted;
}

}  // namespace spore::memory
