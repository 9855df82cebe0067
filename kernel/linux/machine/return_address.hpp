// What tells a return address from other numbers on a stack.
#pragma once

#if defined(__x86_64__)
#include "kernel/linux/machine/x86_64/return_address.hpp"
#endif
