// A program's registers as the kernel holds them, x86-64. The order is that in which entry.S pushes them.
#pragma once

#include "base/types.hpp"

namespace spore::arch {

struct TrapFrame {
    u64 r15, r14, r13, r12, rbp, rbx;
    u64 r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
    u64 origin;  ///< system call number as entered (Linux's orig_rax), or ~0 for anything but a system call
    u64 vector;  ///< trap vector; unused for system calls
    u64 error;   ///< the CPU's error code, or 0
    u64 rip, cs, rflags, rsp, ss;
    u64 ran_to;    ///< RIP where a trap last found program code running; ~0 after a fault, which the kernel returns from to the same place
};
static_assert(sizeof(TrapFrame) == 24 * 8);

}  // namespace spore::arch
