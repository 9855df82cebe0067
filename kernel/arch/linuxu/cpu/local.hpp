// What each CPU keeps for itself. A CPU is a process of the host, and maps its own at the same address as the others: `this_cpu`.
#pragma once

#include <atomic>

#include "../../common/cpu/cpus.hpp"
#include "arch/context.hpp"
#include "arch/cpu.hpp"
#include "processes.hpp"

namespace spore::arch {

/// What has come for a CPU while it ran kernel code, one bit each.
namespace news {
inline constexpr u32 timer = 1, kick = 2, flush = 4, device = 8;
}

inline constexpr u64 no_timer = ~u64{0};

struct alignas(page_size) CpuLocal {
    TrapFrame* program_frame;  ///< where the running thread's program registers go: at the top of its kernel stack
    std::atomic<u32> news;
    u32 id;
    void* owner;               ///< of the running thread: what its system calls are told first
    const std::atomic<bool>* thread_attention;  ///< of the running thread
    std::atomic<bool> attention;
    u64 program_stack;         ///< scratch of the system call entry
    u64 per_cpu_offset;
    u64 page_table;            ///< the root of the current address space
    u64 fault_address;
    u64 timer_wanted;          ///< when the kernel wants its timer interrupt, and when the host's timer will bring one
    u64 timer_armed;
    u32 relaxed;               ///< how often relax() was called
    Processes processes;
};

// trap/entry.S knows these.
static_assert(__builtin_offsetof(CpuLocal, program_frame) == 0 && __builtin_offsetof(CpuLocal, news) == 8);
static_assert(__builtin_offsetof(CpuLocal, owner) == 16 && __builtin_offsetof(CpuLocal, thread_attention) == 24);
static_assert(__builtin_offsetof(CpuLocal, attention) == 32 && __builtin_offsetof(CpuLocal, program_stack) == 40);

extern "C" CpuLocal this_cpu;

/// The reference is good for as long as the thread does not sleep; behind the same address it may find another CPU's then.
inline CpuLocal& local() { return this_cpu; }

/// Gives this process the CPU's memory as `this_cpu`, and takes it into service.
void become_cpu(CpuLocal& cpu);
/// Tells another CPU, and interrupts what it does.
void send_news(u32 cpu, u32 news);

}  // namespace spore::arch
