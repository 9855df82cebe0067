// Which of the kernel's memory nobody may touch now. The kernel that checks each of its accesses (arch/linuxu-sanitized) is told so; in every other
// one, and in unit tests, none of this is code.
#pragma once

#include "base/types.hpp"

namespace spore::memory {

#ifdef SPORE_CHECKS_ACCESSES  // kernel/CMakeLists.txt
inline constexpr bool checks_accesses = true;
#else
inline constexpr bool checks_accesses = false;
#endif

/// Why it may not be touched. The compiler has more reasons, for globals and stacks (arch/linuxu-sanitized/shadow.hpp).
enum class Poison : u8 {
    redzone = 0xfa,       ///< lies behind an object of the heap
    free_frame = 0xfb,
    unused_object = 0xfc, ///< in a slab, not given out yet
    freed_object = 0xfd,
    idle_stack = 0xfe,    ///< no thread runs on it
};
enum class Touch : u8 { read, write, free };

/// Implemented by the kernel that checks, and called only where checks_accesses.
namespace checks {
/// Multiples of 8 both.
void poison(const void* start, std::size_t size, Poison why);
/// A multiple of 8 is where it starts. Ends where `size` says, to the byte.
void unpoison(const void* start, std::size_t size);
/// Panics when part of it is poisoned.
void check(const void* start, std::size_t size, Touch touch);
/// Freed objects wait, so that the next allocation does not hide a use of them: takes the youngest, gives the oldest when enough wait, else null.
void* queue_freed(void* object, std::size_t size);
}  // namespace checks

inline void poison(const void* start, std::size_t size, Poison why) {
    if constexpr (checks_accesses) checks::poison(start, size, why);
}
inline void unpoison(const void* start, std::size_t size) {
    if constexpr (checks_accesses) checks::unpoison(start, size);
}
/// For what touches memory behind the compiler's back.
inline void check(const void* start, std::size_t size, Touch touch) {
    if constexpr (checks_accesses) checks::check(start, size, touch);
}

}  // namespace spore::memory
