// The host's signals, which are this machine's traps and interrupts.
#pragma once

#include <signal.h>

#include "base/types.hpp"

namespace spore::arch {

/// What the CPUs' processes send each other and get from their timers and from files. All else that is caught are faults and system calls.
inline constexpr int timer_signal = SIGALRM, kick_signal = SIGUSR1, device_signal = SIGIO;

/// From here on signals end in signal_entry. The handlers hold for all CPUs, the stack for the one that calls.
void catch_signals();
void use_signal_stack(void* stack, std::size_t size);

}  // namespace spore::arch
