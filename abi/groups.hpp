// Supplementary groups of a program's user [credentials(7)].
#pragma once

#include "base/types.hpp"

namespace spore::abi {

/// More the kernel keeps for nobody.
inline constexpr u32 most_groups = 32;

}  // namespace spore::abi
