// Interrupts as they come, and who handles them.
#pragma once

#include "../gic/gic.hpp"

namespace spore::arch {

/// Handles what the controller has for this CPU, until there is nothing more.
void handle_interrupts();
/// connect_line() [arch/interrupts.hpp] with the CPU that the line goes to: the first handler's choice.
Result<void> connect_line_to(u32 cpu, u32 line, Trigger trigger, InterruptHandler handler, void* context);

}  // namespace spore::arch
