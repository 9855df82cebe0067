// Sequence numbers wrap: they are compared by their distance [RFC 9293 3.4].
#pragma once

#include "base/types.hpp"

namespace spore::net::tcp {

constexpr bool before(u32 a, u32 b) { return static_cast<i32>(a - b) < 0; }
constexpr bool after(u32 a, u32 b) { return before(b, a); }
constexpr u32 later(u32 a, u32 b) { return before(a, b) ? b : a; }
constexpr u32 earlier(u32 a, u32 b) { return before(a, b) ? a : b; }

}  // namespace spore::net::tcp
