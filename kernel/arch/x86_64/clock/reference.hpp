// Clocks of known rate, to measure the TSC by.
#pragma once

#include "base/types.hpp"

namespace spore::arch {

/// A counter that wraps at `mask + 1`.
struct Reference {
    const char* name;
    u64 (*read)();
    u64 frequency;  ///< Hz
    u64 mask;
};

/// The 8254's channel 0, counting down from 65536 at 1.193182 MHz [intel 8254].
Reference start_pit();
/// The ACPI power management timer at 3.579545 MHz, on its port [acpi 4.8.2.1].
Reference power_management_timer(u16 port, bool wide);

}  // namespace spore::arch
