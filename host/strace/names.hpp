// Names for the numbers in the kernel's lines about system calls: flags, commands, signals, clocks, as strace(1) shows them.
#pragma once

#include <string>
#include <string_view>

#include "host/common/architecture.hpp"

namespace spore::host {

/// "openat(AT_FDCWD, "x", 0x80000)" becomes "openat(AT_FDCWD, "x", O_RDONLY|O_CLOEXEC)". What has no name, and what is no such line, stays.
std::string with_names(std::string_view line, Architecture architecture);

}  // namespace spore::host
