// The keys that a program's pointers are signed with [arm/DDI0487 D8.10]. A process's threads share them; the kernel signs nothing.
#pragma once

#include "base/result.hpp"
#include "base/types.hpp"

namespace spore::arch {

struct PointerKeys {
    u64 words[5][2] = {};  ///< of instructions A and B, data A and B, and generic
    u64 number = 0;        ///< alike for copies, so that a switch between threads that share keys loads none; 0: none yet
};

/// New keys: those of the set, by their place in `words`; 0 for all that the CPU has. invalid for others.
Result<void> renew(PointerKeys& keys, u64 which);
/// Makes them this CPU's.
void use(const PointerKeys& keys);
/// Lets programs sign pointers, and has signing count as the mark of a place that is called only. On each CPU.
void enable_pointer_authentication();

}  // namespace spore::arch
