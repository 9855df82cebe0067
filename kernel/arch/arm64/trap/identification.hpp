// Identification registers, which guarded programs read though the CPU does not let them [linux Documentation/arch/arm64/cpu-feature-registers.rst].
#pragma once

#include "arch/context.hpp"
#include "syndrome.hpp"

namespace spore::arch {

/// Executes the instruction at the program's place if it is MRS of an identification register. Fused programs read the CPU's own.
bool read_identification(TrapFrame& frame, Syndrome syndrome);

}  // namespace spore::arch
