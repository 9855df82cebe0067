// A return address on x86-64 follows a CALL: E8 with a 32-bit distance, or FF /2 with a register or memory operand [intel/vol2 CALL].
#pragma once

#include <array>
#include <span>

#include "arch/context.hpp"
#include "base/types.hpp"

namespace spore::linux::machine {

/// The longest form: a REX prefix, FF, ModRM, SIB, 32-bit displacement.
inline constexpr std::size_t longest_call = 8;

/// Whether these bytes, which lie before an address, can end with a call.
constexpr bool ends_with_call(std::span<const u8> before) {
    auto size = before.size();
    if (size >= 5 && before[size - 5] == 0xe8) return true;
    for (std::size_t length : {2u, 3u, 4u, 6u, 7u}) {
        if (length > size || before[size - length] != 0xff) continue;
        u8 form = before[size - length + 1];
        if ((form >> 3 & 7) != 2) continue;
        u8 mode = form >> 6, base = form & 7;
        bool scaled = mode != 3 && base == 4;
        std::size_t expected = 2 + scaled + (mode == 1 ? 1u : mode == 2 || (mode == 0 && base == 5) ? 4u : 0u);
        if (expected == length || (scaled && mode == 0 && length == 7)) return true;
    }
    return false;
}
static_assert(ends_with_call(std::array<u8, 2>{0xff, 0xd0}) && !ends_with_call(std::array<u8, 2>{0xff, 0xe0}));

/// Calls push it: none.
inline u64 return_register(const arch::TrapFrame&) { return 0; }

/// Addresses are not signed here.
constexpr u64 unsigned_address(u64 address) { return address; }

}  // namespace spore::linux::machine
