// Where the machine keeps the time of day.
#pragma once

namespace spore::arch {

/// A PL031's registers, mapped.
void use_wall_clock(void* registers);

}  // namespace spore::arch
