// Memory of devices that is written in bulk and not read: writes may be joined, and arrive in any order.
#pragma once

#include <cstddef>

#include "base/result.hpp"
#include "base/types.hpp"

namespace spore::arch {

/// Makes it reachable so. Never undone.
Result<void*> map_combined(PhysAddr at, std::size_t size);
/// What was written to such memory arrives before what is written to registers after this.
void settle_combined();

}  // namespace spore::arch
