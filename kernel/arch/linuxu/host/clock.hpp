// The host's monotonic clock, read without a call where its vDSO lies where it does not get in programs' way.
#pragma once

#include "base/types.hpp"

namespace spore::arch::host {

/// `vdso`: AT_SYSINFO_EHDR, or 0.
void find_clock(u64 vdso);
/// Nanoseconds of CLOCK_MONOTONIC.
u64 read_clock();
/// What it said at boot.
u64 clock_origin();

}  // namespace spore::arch::host
