// What version 3 does in system registers and redistributors.
#pragma once

#include "gic.hpp"

namespace spore::arch {

void use_redistributors(std::span<const MemoryRange> regions);
bool has_redistributor(u64 affinity);
Result<void> enable_cpu_interrupts_v3(CpuLocal& cpu, u32 timer);
u32 acknowledge_interrupt_v3();
void end_interrupt_v3(u32 word);
void send_interrupt_v3(u64 affinity, u32 id);

}  // namespace spore::arch
