// Between the fakes: what simulate() is made of.
#pragma once

#include "tests/fakes/cpu.hpp"

namespace spore::fakes {

/// The calling host thread becomes CPU 0's boot thread; the other CPUs sit in their idle loops.
void start_simulation(const SimulationOptions& options);
/// A stack for kernel code under sanitizers, which needs more than the machine's; its top.
void* allocate_fake_stack();
u32 current_cpu_number();

}  // namespace spore::fakes
