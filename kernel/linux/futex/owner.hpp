// What a lock's word holds, for PI and robust futexes [linux/uapi/linux/futex.h].
#pragma once

#include "kernel/linux/futex/futex.hpp"

namespace spore::linux::futex {

inline constexpr u32 waiters_bit = 0x8000'0000;
inline constexpr u32 owner_died = 0x4000'0000;
inline constexpr u32 owner_mask = 0x3fff'ffff;

/// Lets the longest waiter of a PI lock whose owner has died take it.
void wake_pi_of_dead_owner(const Word& word);

}  // namespace spore::linux::futex
