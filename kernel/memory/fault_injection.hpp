// Makes allocations fail on purpose, in unit tests only: every caller's way out is walked by failing the Nth, for every N.
#pragma once

#include "base/types.hpp"

namespace spore::memory {

/// A kernel that boots (cmake/Kernel.cmake defines this for it) is built without.
#ifdef SPORE_BOOTS
inline constexpr bool injects_failures = false;
#else
inline constexpr bool injects_failures = true;
#endif

/// The Nth allocation of frames or of an object from now on fails (1 is the next), once; 0 never. What was left of the request before: 0 when it has failed.
u64 fail_allocation(u64 nth);
/// Whether this allocation is the one. Counts.
bool must_fail();

/// Forgets all ranges and caches, so that a test can begin with memory of its own.
void forget_memory();
void forget_heap();

}  // namespace spore::memory
