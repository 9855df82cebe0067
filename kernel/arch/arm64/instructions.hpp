// Single arm64 instructions, as functions.
#pragma once

#include "base/types.hpp"

namespace spore::arch {

/// System registers by their assembler's names [arm/DDI0487 D23]; those that only newer CPUs have by S<op0>_<op1>_C<n>_C<m>_<op2>.
#define SPORE_READ_SYSTEM(name)                                      \
    [] {                                                             \
        ::spore::u64 system_register_value;                          \
        asm volatile("mrs %0, " #name : "=r"(system_register_value)); \
        return system_register_value;                                \
    }()
#define SPORE_WRITE_SYSTEM(name, value) asm volatile("msr " #name ", %x0" : : "rZ"(static_cast<::spore::u64>(value)) : "memory")

/// What was written to system registers holds for the instructions that follow.
inline void instruction_barrier() { asm volatile("isb" ::: "memory"); }
/// Stores so far are seen by all CPUs, and by their table walks, before anything goes on.
inline void store_barrier() { asm volatile("dsb ishst" ::: "memory"); }
/// All accesses and TLB maintenance so far are complete on all CPUs.
inline void full_barrier() { asm volatile("dsb ish" ::: "memory"); }

inline void pause() { asm volatile("yield" ::: "memory"); }

[[noreturn]] inline void stop_here() {
    while (true) asm volatile("msr daifset, #15\n\twfi" ::: "memory");
}

}  // namespace spore::arch
