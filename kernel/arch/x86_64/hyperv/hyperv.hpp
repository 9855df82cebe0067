// Below Hyper-V: what the machine itself needs of it. What drivers need is arch/hyperv.hpp.
#pragma once

#include "arch/hyperv.hpp"

namespace spore::arch::hyperv {

/// Prepares messages and events where there are such, on the processor that the machine starts with. Needs memory.
void start();
/// The TSC's rate in kHz; 0 when Hyper-V does not tell, or there is none.
u32 tsc_khz();

}  // namespace spore::arch::hyperv
