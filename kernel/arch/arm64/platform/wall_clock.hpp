// Where the machine keeps the time of day.
#pragma once

#include "base/types.hpp"

namespace spore::arch {

/// A PL031's registers, mapped.
void use_wall_clock(void* registers);
/// Seconds since 1970 that firmware said when the counter stood at `counter`.
void use_firmware_time(i64 seconds, u64 counter);

}  // namespace spore::arch
