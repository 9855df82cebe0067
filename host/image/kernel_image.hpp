// Kernel images, told from other files before anything is started with them.
#pragma once

#include "host/common/architecture.hpp"
#include "host/plan/plan.hpp"

namespace spore::host {

/// What is wrong with a file as a kernel for this CPU in a virtual machine, or as a process; a clause, or nothing when nothing is.
std::optional<std::string_view> problem_of_kernel(ByteSpan file, Platform platform, Architecture architecture);

/// The same of the plan's kernel, with what to do.
Outcome<void> check_kernel(const Plan& plan);

}  // namespace spore::host
