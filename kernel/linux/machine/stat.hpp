// This machine's struct stat.
#pragma once

#if defined(__x86_64__)
#include "kernel/linux/machine/x86_64/stat.hpp"
#endif
