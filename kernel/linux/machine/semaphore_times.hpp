// This machine's times in struct semid64_ds.
#pragma once

#if defined(__x86_64__)
#include "kernel/linux/machine/x86_64/semaphore_times.hpp"
#elif defined(__aarch64__)
#include "kernel/linux/machine/arm64/semaphore_times.hpp"
#endif
