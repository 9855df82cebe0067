// What futex_waitv exchanges with programs.
#pragma once

#include "base/types.hpp"

namespace spore::linux {

/// struct futex_waitv
struct FutexWait {
    u64 value = 0, address = 0;
    u32 flags = 0, reserved = 0;
};
static_assert(sizeof(FutexWait) == 24);

}  // namespace spore::linux
