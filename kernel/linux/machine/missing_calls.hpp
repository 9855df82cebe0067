// This machine's names of calls that are not there.
#pragma once

#if defined(__x86_64__)
#include "kernel/linux/machine/x86_64/missing_calls.hpp"
#endif
