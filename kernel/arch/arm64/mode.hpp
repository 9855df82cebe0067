// Whether programs run at the kernel's exception level. Set once, before the first program page is mapped.
#pragma once

#include "abi/manifest.hpp"

namespace spore::arch {

abi::Mode mode();

}  // namespace spore::arch
