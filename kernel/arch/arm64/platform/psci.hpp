// Power State Coordination Interface [arm/DEN0022]: firmware's calls for processors and power.
#pragma once

#include "arch/mmu.hpp"

namespace spore::arch {

enum class Conduit : u8 { none, hypervisor, secure_monitor };
void use_psci(Conduit conduit);

/// Starts a processor at a physical address. False when firmware refuses.
bool start_processor_at(u64 affinity, PhysAddr entry);

}  // namespace spore::arch
