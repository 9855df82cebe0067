// What each CPU keeps for itself, found through TPIDR_EL1. Assembly reaches the first fields by the offsets below.
#pragma once

#include <atomic>

#include "../../common/cpu/cpus.hpp"
#include "../instructions.hpp"
#include "arch/context.hpp"
#include "arch/cpu.hpp"

namespace spore::arch {

struct CpuLocal {
    u64 per_cpu_offset;
    void* owner;               ///< of the running thread: what its system calls are told first
    const std::atomic<bool>* thread_attention;  ///< of the running thread
    std::atomic<bool> attention;
    u8 zero[7];                ///< so that one look at the word tells of it
    u64 affinity;              ///< the processor's name to interrupt controllers and PSCI: MPIDR_EL1's affinity fields
    std::atomic<u64> table;    ///< the program's table that it translates with [mmu/active_table.cpp]; 0: none
    std::atomic<u64> leave;    ///< the table that it is asked to leave
    u32 id;
    u32 interrupt_target;      ///< GICv2's number of its CPU interface, as a bit
    void* redistributor;       ///< GICv3's registers of this CPU
    PhysAddr redistributor_address;
    u64 pointer_keys;          ///< PointerKeys::number of those it has
    alignas(16) u8 emergency_stack[4096];  ///< for traps that nothing else may be trusted in
};

// trap/entry.S knows these.
static_assert(__builtin_offsetof(CpuLocal, owner) == 8);
static_assert(__builtin_offsetof(CpuLocal, thread_attention) == 16 && __builtin_offsetof(CpuLocal, attention) == 24);
static_assert(__builtin_offsetof(CpuLocal, emergency_stack) + sizeof(CpuLocal::emergency_stack) == 4192);

/// Volatile: a thread that sleeps may wake on another CPU, so what was found before a call is not what would be found after it.
inline CpuLocal& local() { return *reinterpret_cast<CpuLocal*>(SPORE_READ_SYSTEM(tpidr_el1)); }

/// Brings the CPU that runs this into the state that the kernel runs in.
void set_up_cpu(CpuLocal& cpu);

}  // namespace spore::arch
