// A program's registers as the kernel holds them, arm64. trap/entry.S knows the offsets.
#pragma once

#include "base/types.hpp"

namespace spore::arch {

struct TrapFrame {
    u64 x[31];
    u64 sp, pc, pstate;
    u64 origin;          ///< system call number as entered, or ~0 for anything but a system call
    u64 original_x0;     ///< as a system call was entered with, once its result has taken that place
    u64 syndrome;        ///< ESR_EL1 of a fault; after an interrupt that found program code running, where: no syndrome is an address of code
    u64 fault_address;   ///< FAR_EL1 of a trap; unused for system calls
};
static_assert(sizeof(TrapFrame) == 38 * 8 && sizeof(TrapFrame) % 16 == 0);

}  // namespace spore::arch
