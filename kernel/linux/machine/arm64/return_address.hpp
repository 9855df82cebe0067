// A return address on arm64 follows a call: BL, or BLR with or without pointer authentication [arm/ddi0487 C6.2].
#pragma once

#include <array>
#include <span>

#include "arch/context.hpp"
#include "base/types.hpp"

namespace spore::linux::machine {

inline constexpr std::size_t longest_call = 4;

/// Whether these bytes, which lie before an address, can end with a call.
constexpr bool ends_with_call(std::span<const u8> before) {
    auto size = before.size();
    if (size < longest_call) return false;
    u32 word = 0;
    for (std::size_t i = 0; i < longest_call; ++i) word |= u32{before[size - longest_call + i]} << (8 * i);
    constexpr u32 bl = 0x9400'0000, bl_mask = 0xfc00'0000, blr = 0xd63f'0000, blr_mask = 0xfeff'f000;
    return (word & bl_mask) == bl || (word & blr_mask) == blr;
}
static_assert(ends_with_call(std::array<u8, 4>{0x00, 0x01, 0x3f, 0xd6}) && !ends_with_call(std::array<u8, 4>{0xc0, 0x03, 0x5f, 0xd6}));

/// Without the signature that the upper bits of an address of the program's half may hold.
constexpr u64 unsigned_address(u64 address) { return address & 0x0000'ffff'ffff'ffff; }

/// Functions that call nobody keep the address they return to in x30 alone.
inline u64 return_register(const arch::TrapFrame& frame) { return frame.x[30]; }

}  // namespace spore::linux::machine
