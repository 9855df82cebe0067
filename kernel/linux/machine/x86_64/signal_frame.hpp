// What lies on the program's stack while a handler runs, x86-64 ([linux] arch/x86/include/uapi/asm/sigcontext.h, [psABI 3.4]).
#pragma once

#include "kernel/linux/signal/signals.hpp"

namespace spore::linux {

struct SignalContext {
    u64 r8, r9, r10, r11, r12, r13, r14, r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags;
    u16 cs, gs, fs, ss;
    u64 error, vector, old_mask, fault_address;
    u64 extended_state;  ///< address of the XSAVE area in the frame
    u64 reserved[8];
};
static_assert(sizeof(SignalContext) == 256);

struct UserContext {
    u64 flags;
    u64 link;
    SignalStack stack;
    SignalContext registers;
    SignalSet mask;
};
static_assert(sizeof(UserContext) == 304);

/// At the stack pointer when the handler begins.
struct SignalFrame {
    u64 return_address;  ///< sa_restorer, which calls rt_sigreturn
    UserContext context;
    UserSignalInfo info;
};
static_assert(sizeof(SignalFrame) == 440);

/// The last 48 bytes of the 512-byte legacy area say that more follows it.
struct ExtendedStateNote {
    static constexpr u32 magic = 0x4650'5853, end_magic = 0x4650'5845;
    static constexpr std::size_t offset = 464;
    u32 magic_1;
    u32 size;  ///< of the whole, the closing magic included
    u64 components;
    u32 state_size;
    u32 padding[7];
};
static_assert(sizeof(ExtendedStateNote) == 48);

}  // namespace spore::linux
