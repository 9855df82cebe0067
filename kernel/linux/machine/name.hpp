// What uname calls this machine.
#pragma once

#include <string_view>

namespace spore::linux::machine {

#if defined(__x86_64__)
inline constexpr std::string_view name = "x86_64";
#elif defined(__aarch64__)
inline constexpr std::string_view name = "aarch64";
#endif

}  // namespace spore::linux::machine
