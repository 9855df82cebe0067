// Page faults of programs.
#pragma once

#include "base/types.hpp"

namespace spore::linux {

/// Since boot, on all CPUs.
u64 page_faults();

}  // namespace spore::linux
