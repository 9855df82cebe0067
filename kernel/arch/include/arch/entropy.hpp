// Hardware randomness.
#pragma once

#include <optional>

#include "base/types.hpp"

namespace spore::arch {

/// 64 random bits from the CPU (RDSEED, RDRAND, RNDR), or nothing when it has no such instruction or it failed.
std::optional<u64> hardware_random();

}  // namespace spore::arch
