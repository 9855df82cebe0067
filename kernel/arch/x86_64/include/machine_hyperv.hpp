// Hyper-V's guests of this CPU: arch/hyperv.hpp is implemented.
#pragma once

namespace spore::arch {
inline constexpr bool can_run_on_hyperv = true;
}
