// This machine's struct stat.
#pragma once

#if defined(__x86_64__)
#include "kernel/linux/machine/x86_64/stat.hpp"
#elif defined(__aarch64__)
#include "kernel/linux/machine/arm64/stat.hpp"
#endif
