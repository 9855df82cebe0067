// What news (CpuLocal::news) are for.
#pragma once

#include "arch/interrupts.hpp"

namespace spore::arch {

/// Deals with all that has come for this CPU.
void handle_news();
/// Calls `handler` on each CPU that a device signal reaches (the first): a descriptor of the host's may be ready. Before any can be.
Result<void> connect_descriptor(int descriptor, InterruptHandler handler, void* context);
/// Has their signals come to the process that is the CPU now.
void redirect_descriptors();

}  // namespace spore::arch
