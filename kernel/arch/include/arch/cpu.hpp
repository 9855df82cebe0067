// What every machine's processor offers to the kernel. Kernel code runs with interrupts off, except in `wait_for_interrupt`:
// device interrupts are taken in program code and in the idle loop only, so kernel code is never preempted.
#pragma once

#include <atomic>

#include "base/types.hpp"

namespace spore::arch {

inline constexpr u32 max_cpus = 64;

/// Pauses briefly inside a spin loop, and serves requests from other CPUs (TLB flushes) that may be what the
/// lock's holder waits for.
void relax();

/// Sleeps until an interrupt arrives and handles it. Returns with interrupts off again.
void wait_for_interrupt();

/// A number that grows by a fixed rate, for deadlines shorter than the clock's use.
u64 cycles();

/// Nanoseconds on the monotonic clock, counted from the kernel's first instruction.
u64 monotonic_nanoseconds();

/// The CPU this code runs on: 0 … cpu_count() - 1.
u32 cpu_id();

/// CPUs that run (they come up one after another during boot).
u32 cpu_count();

/// Offset from a per-CPU variable's first instance to this CPU's (core/per_cpu.hpp).
u64 per_cpu_offset();
/// The same for any CPU.
u64 per_cpu_offset(u32 cpu);

/// Wakes another CPU from wait_for_interrupt, or makes it pass its scheduler when it runs a program.
void kick(u32 cpu);

/// While set, that CPU's system calls return through entry::leave_to_program, as traps always do. Any CPU may set it, and then kicks.
std::atomic<bool>& attention(u32 cpu);
/// This CPU's.
std::atomic<bool>& attention();

/// Arms this CPU's timer interrupt for a point on the monotonic clock; Instant::never() disarms it.
void arm_timer(u64 monotonic_nanoseconds);

}  // namespace spore::arch
