// What tells a return address from other numbers on a stack.
#pragma once

#if defined(__x86_64__)
#include "kernel/linux/machine/x86_64/return_address.hpp"
#elif defined(__aarch64__)
#include "kernel/linux/machine/arm64/return_address.hpp"
#endif
