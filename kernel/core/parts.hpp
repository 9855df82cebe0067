// Which parts and system calls this kernel has. All, unless it was tailored: then those sources that include this are compiled once more, with the
// name of a header that says what stays (host/tailor writes it), and the link drops what nothing leads to any more.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include "base/types.hpp"

namespace spore::core {

enum class Part : u8 {
#define PART(name, text) name,
#include "abi/parts.list.hpp"
#undef PART
};

/// What it is to a user.
consteval std::string_view text_of(Part part) {
    constexpr std::string_view texts[] = {
#define PART(name, text) text,
#include "abi/parts.list.hpp"
#undef PART
    };
    return texts[static_cast<std::size_t>(part)];
}

#ifdef SPORE_TAILORED
namespace tailored {
#include SPORE_TAILORED
}  // namespace tailored
inline constexpr bool is_tailored = true;
consteval bool has(Part part) { return std::ranges::contains(tailored::parts, part); }
consteval bool has_call(std::string_view name) { return tailored::all_calls || std::ranges::contains(tailored::calls, name); }
#else
inline constexpr bool is_tailored = false;
consteval bool has(Part) { return true; }
consteval bool has_call(std::string_view) { return true; }
#endif

}  // namespace spore::core
