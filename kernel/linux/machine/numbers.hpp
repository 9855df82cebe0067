// Which of a declaration's numbers is this machine's.
#pragma once

#include "base/types.hpp"

namespace spore::linux::machine {

#if defined(__x86_64__)
constexpr i32 number(i32 x86_64, i32) { return x86_64; }
#elif defined(__aarch64__)
constexpr i32 number(i32, i32 arm64) { return arm64; }
#endif

}  // namespace spore::linux::machine
