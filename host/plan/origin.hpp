// What a machine is started from, as a short text: it changes with everything that would make another machine of it.
#pragma once

#include "host/plan/plan.hpp"

namespace spore::host {

/// All that the plan says, with the versions of the files that it names: the program, the kernel, and those that are copied into the guest. Of folders only where they are.
std::string origin_of(const Plan& plan, const Restart& restart);

}  // namespace spore::host
