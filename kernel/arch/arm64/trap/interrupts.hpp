// Interrupts as they come, and who handles them.
#pragma once

#include "../gic/gic.hpp"

namespace spore::arch {

/// Handles what the controller has for this CPU, until there is nothing more.
void handle_interrupts();

}  // namespace spore::arch
