// Steers the processors that unit tests see.
//
// Without more ado there is one CPU whose clock stands still, and no thread: enough for code that neither sleeps nor wakes.
// simulate() gives a test the real scheduler on several CPUs, all played by one host thread that changes between them at
// chosen points: every run with the same seed is the same.
#pragma once

#include <functional>

#include "arch/context.hpp"
#include "base/time.hpp"
#include "base/types.hpp"

namespace spore::fakes {

/// How many CPUs there are; each gets its own instances of per-CPU variables.
void set_cpu_count(u32 count);
/// Which of them this host thread is.
void set_cpu(u32 cpu);

void set_time(u64 nanoseconds);
/// What this CPU's timer is armed for.
u64 armed_deadline();
/// The interrupt of this CPU's timer. It comes once: until it is armed again, there is no deadline.
void fire_timer();
u64 kick_count();

struct SimulationOptions {
    u32 cpus = 1;
    /// Chooses where CPUs change besides where they must; 0 changes nowhere else.
    u64 seed = 0;
    /// How long a timer's interrupt takes. Without, a timer that is armed again for the next nanosecond is all that ever happens.
    Duration interrupt{};
};
/// Runs `body` as the boot thread of a machine of its own, in a child process; false when an expectation in it failed, it
/// panicked, or hung. All CPUs idle with no timer armed is reported as a hang at once.
bool simulate(const SimulationOptions& options, const std::function<void()>& body);

/// Within simulate(): program code that computes for `span` on this CPU, interrupted when its timer or a kick says so. Called from a
/// thread that has an owner.
void run_program(Duration span);
/// The same for the kernel on the program's behalf: interrupts wait.
void spend_in_kernel(Duration span);
/// Whether the program has computed since run_program() began.
bool program_has_run();
/// Lets another CPU go on, if there are several and the seed says so. Every arch call does this by itself.
void interleave();
/// The program register that stands for all of ProgramState, in the CPU now.
u64& program_register();
/// What runs where a thread is to continue program code with its frame; does not return. Without, that is a mistake.
void set_program(void (*program)(arch::TrapFrame& frame));
/// How often register states were saved and loaded.
struct StateTraffic { u64 saved, restored; };
StateTraffic state_traffic();
/// A small generator, seeded with the simulation's seed.
u64 random();

}  // namespace spore::fakes
