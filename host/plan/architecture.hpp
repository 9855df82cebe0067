// Which CPU a plan's machine must have: that of the program's ELF file, or of the interpreter that its first line names.
#pragma once

#include "host/plan/plan.hpp"

namespace spore::host {

/// Looks at the program on this machine, or in the plan's root. Nothing when it is not found or no ELF program for a known CPU: what is
/// wrong with it is said when the root is put together.
std::optional<Architecture> find_architecture(const Plan& plan);

}  // namespace spore::host
