// What the parts of the checks share: where the shadow lies, and the report.
#pragma once

#include <span>

#include "kernel/memory/poison.hpp"
#include "shadow.hpp"

namespace spore::arch {

/// All that is above programs has a shadow, what the host puts there too: [16 TiB × 7, 16 TiB × 8).
inline constexpr unsigned checked_shift = 44;
inline constexpr u64 checked_part = 7;
inline constexpr u64 checked_start = checked_part << checked_shift, checked_size = u64{1} << checked_shift;
inline constexpr u64 shadow_offset = 0x6800'0000'0000;  ///< kernel/CMakeLists.txt tells the compiler; the shadow fills 0x7600… to 0x7800…
inline constexpr Shadow shadow{shadow_offset};

inline bool is_checked(u64 at) { return at >> checked_shift == checked_part; }

/// The kernel's panic, with what can be said about the place. Returns only where accesses are not to be checked.
void report(u64 at, u64 size, u64 bad, memory::Touch touch);

/// "5 bytes behind …": what lies at `bad` or next to it, or nothing.
std::string_view describe_global(u64 bad, std::span<char> text);
std::string_view describe_local(u64 bad, std::span<char> text);
std::string_view describe_object(u64 bad, std::span<char> text);

}  // namespace spore::arch
