// Sleeping for a while, for threads of the kernel that look at something again and again.
#pragma once

#include "base/time.hpp"

namespace spore::sync {

/// No signal ends it. May end earlier without reason: callers loop over what they wait for.
void sleep(Duration span);

}  // namespace spore::sync
