// A debugger's breakpoints in program code last as long as the mapping that they were written to, so it is told what comes and goes.
#pragma once

#include "base/types.hpp"

namespace spore::arch {

/// Constant code was mapped there.
void code_came(u64 start, u64 end);
/// What is mapped there, code or not, is about to be unmapped.
void code_goes(u64 start, u64 end);

}  // namespace spore::arch
