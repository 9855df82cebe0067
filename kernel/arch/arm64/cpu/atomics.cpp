#include "atomics.hpp"

#include <span>

#include "../instructions.hpp"
#include "features.hpp"

namespace spore::arch {

struct Replacement {
    i32 offset;  ///< from here to the instruction that is replaced
    u32 instruction;
    u32* place() const { return reinterpret_cast<u32*>(reinterpret_cast<u64>(this) + static_cast<u64>(i64{offset})); }
};

extern "C" const Replacement atomic_instructions_start[], atomic_instructions_end[];

void choose_atomics() {
    if (!features.single_instruction_atomics) return;
    std::span replacements(atomic_instructions_start, atomic_instructions_end);
    for (auto& one : replacements) {
        *one.place() = one.instruction;
        asm volatile("dc cvau, %0" : : "r"(one.place()) : "memory");
    }
    asm volatile("dsb ish\n\tic iallu\n\tdsb ish\n\tisb" ::: "memory");  // other CPUs start with empty caches of instructions
}

}  // namespace spore::arch
