// A kernel that has only what one program on one machine needs: --tailor.
#pragma once

#include "host/root/assemble.hpp"
#include "host/plan/plan.hpp"

namespace spore::host {

/// Finds or makes the kernel in the cache, and makes it the plan's.
Outcome<void> tailor(Plan& plan, Assembled& assembled, RootPlace root);

/// Tells what `plan` gets and why, in words or (`json`) for programs. The kernel goes to `output` too, unless that is empty.
Outcome<std::string> explain_tailored(Plan& plan, const fs::path& output, bool json);

}  // namespace spore::host
