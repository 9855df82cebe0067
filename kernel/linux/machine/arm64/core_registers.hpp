// NT_PRSTATUS's registers, arm64 ([linux] arch/arm64/include/uapi/asm/ptrace.h, struct user_pt_regs).
#pragma once

#include "base/result.hpp"

namespace spore::linux::machine {

struct CoreRegisters {
    u64 x[31];
    u64 sp, pc, pstate;
};
static_assert(sizeof(CoreRegisters) == 34 * 8);

}  // namespace spore::linux::machine
