// NT_PRSTATUS's registers, x86-64 ([linux] arch/x86/include/asm/user_64.h, struct user_regs_struct).
#pragma once

#include "base/result.hpp"

namespace spore::linux::machine {

struct CoreRegisters {
    u64 r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi, origin, rip, cs, rflags, rsp, ss, fs_base, gs_base, ds, es, fs, gs;
};
static_assert(sizeof(CoreRegisters) == 27 * 8);

}  // namespace spore::linux::machine
