// What isa/ and common/ ask of this machine's CPUs.
#pragma once

#include "../cpu/local.hpp"
#include "../host/call.hpp"

namespace spore::arch {

struct ProgramSelectors {
    u16 code, stack;
};
/// Linux's for 64-bit programs [linux arch/x86/include/asm/segment.h]: __USER_CS, __USER_DS.
inline ProgramSelectors program_selectors() { return {0x33, 0x2b}; }

/// From a system call's return address back to where it can be made again.
inline u64 rewind_distance(const TrapFrame& frame) { return frame.vector; }

/// What the processor itself is numbered: who knows which of the host's it runs on.
inline u32 processor_number(u32 cpu) { return cpu; }

/// Of the last page fault.
inline u64 fault_address() { return local().fault_address; }

/// FS base without the instructions for it.
u64 read_fs_base();
void write_fs_base(u64 value);

/// The program's GS base; the kernel has no use for the register.
u64 read_gs_base();
void write_gs_base(u64 value);

}  // namespace spore::arch
