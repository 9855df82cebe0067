// Memory that programs are about to execute: instruction fetches have to see what was written as data [arm/DDI0487 B2.4.4].
#pragma once

#include "arch/boot.hpp"

namespace spore::arch {

/// Memory that nobody writes any more, the bundle: what of it is executed is prepared once and not at each mapping. Needs an allocator.
void remember_code_of(MemoryRange constant);

}  // namespace spore::arch
