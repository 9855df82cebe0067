// What isa/ and common/ ask of this machine's CPUs.
#pragma once

#include "../cpu/local.hpp"
#include "../../isa/x86_64/cpu/features.hpp"
#include "../instructions.hpp"
#include "../mode.hpp"

namespace spore::arch {

struct ProgramSelectors {
    u16 code, stack;
};
/// What a program's CS and SS hold.
inline ProgramSelectors program_selectors() {
    bool guarded = mode() == abi::Mode::guarded;
    return guarded ? ProgramSelectors{selector::program_code, selector::program_data} : ProgramSelectors{selector::kernel_code, selector::kernel_data};
}

/// From a system call's return address back to its instruction (0f 05).
inline u64 rewind_distance(const TrapFrame&) { return 2; }

/// What the processor itself is numbered.
inline u32 processor_number(u32 cpu) { return cpu_local(cpu).apic_id; }

/// Of the last page fault.
inline u64 fault_address() { return read_cr2(); }

/// FS base without the instructions for it.
inline u64 read_fs_base() { return read_msr(msr::fs_base); }
inline void write_fs_base(u64 value) { write_msr(msr::fs_base, value); }

/// The program's GS base: SWAPGS keeps it aside while the kernel, whose code is not interrupted, has its own.
inline u64 read_gs_base() {
    if (!features.fsgsbase) return read_msr(msr::kernel_gs_base);
    u64 value;
    asm volatile("swapgs\n\trdgsbase %0\n\tswapgs" : "=r"(value));
    return value;
}
inline void write_gs_base(u64 value) {
    if (!features.fsgsbase) return write_msr(msr::kernel_gs_base, value);
    asm volatile("swapgs\n\twrgsbase %0\n\tswapgs" : : "r"(value));
}

}  // namespace spore::arch
