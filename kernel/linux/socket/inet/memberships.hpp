// Options that join and leave groups.
#pragma once

#include "base/types.hpp"

namespace spore::linux {

bool is_membership(i32 level, i32 name);

}  // namespace spore::linux
