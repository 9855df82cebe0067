// A number that changes with every change of addresses, routes and path MTUs. Who keeps a result of looking them up keeps the number beside it,
// and looks again when it is another.
#pragma once

#include <atomic>

#include "base/types.hpp"

namespace spore::net {

namespace detail {
inline constinit std::atomic<u32> generation = 1;
}

inline u32 generation() { return detail::generation.load(std::memory_order_acquire); }
/// After the change, with its locks or without. 0 stays what nobody has looked up yet.
inline void next_generation() {
    if (detail::generation.fetch_add(1, std::memory_order_release) == ~u32{0}) detail::generation.fetch_add(1, std::memory_order_release);
}

}  // namespace spore::net
