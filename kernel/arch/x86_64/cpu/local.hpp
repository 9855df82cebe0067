// What each CPU keeps for itself, found through its GS base. Assembly reaches the first fields by the offsets below.
#pragma once

#include <atomic>

#include "../../common/cpu/cpus.hpp"
#include "arch/cpu.hpp"
#include "arch/context.hpp"

namespace spore::arch {

/// Task state segment: only its stack pointers are used [intel/vol3 8.7].
struct [[gnu::packed]] TaskState {
    u32 reserved0;
    u64 rsp[3];
    u64 reserved1;
    u64 ist[7];
    u64 reserved2;
    u16 reserved3;
    u16 io_map;
};
static_assert(sizeof(TaskState) == 104);

struct CpuLocal {
    CpuLocal* self;
    TrapFrame* program_frame;  ///< where the running thread's program registers go: at the top of its kernel stack
    u64 program_stack;         ///< scratch of the system call entry
    u64 per_cpu_offset;
    void* owner;               ///< of the running thread: what its system calls are told first
    const std::atomic<bool>* thread_attention;  ///< of the running thread
    std::atomic<bool> attention;
    u32 id;
    u32 apic_id;
    u64 page_table;      ///< CR3 of the current address space
    u64 gdt[9];
    TaskState task_state;
    alignas(16) u8 trap_entry_stack[1024];    ///< IST 1: left at once by trap_common
    alignas(16) u8 emergency_stack[4096];     ///< IST 2: double fault, NMI, machine check
};

// trap/entry.S knows these.
static_assert(__builtin_offsetof(CpuLocal, program_frame) == 8 && __builtin_offsetof(CpuLocal, program_stack) == 16);
static_assert(__builtin_offsetof(CpuLocal, owner) == 32 && __builtin_offsetof(CpuLocal, thread_attention) == 40);
static_assert(__builtin_offsetof(CpuLocal, attention) == 48);
static_assert(__builtin_offsetof(CpuLocal, emergency_stack) + sizeof(CpuLocal::emergency_stack) == 5376);

/// Volatile: a thread that sleeps may wake on another CPU, so what was found before a call is not what would be found after it.
inline CpuLocal& local() {
    CpuLocal* self;
    asm volatile("movq %%gs:0, %0" : "=r"(self));
    return *self;
}

/// Segment selectors. The order serves SYSCALL and SYSRET: kernel code, kernel data; program 32-bit code, data, code.
namespace selector {
inline constexpr u16 kernel_code = 0x08;
inline constexpr u16 kernel_data = 0x10;
inline constexpr u16 program_base = 0x18;
inline constexpr u16 program_data = 0x20 | 3;
inline constexpr u16 program_code = 0x28 | 3;
inline constexpr u16 task_state = 0x30;
}  // namespace selector

/// Loads descriptor tables, stacks and control registers of the CPU that runs this.
void set_up_cpu(CpuLocal& cpu);

}  // namespace spore::arch
