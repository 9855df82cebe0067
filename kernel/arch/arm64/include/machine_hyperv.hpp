// This machine is never a guest of Hyper-V: arch/hyperv.hpp is not implemented.
#pragma once

namespace spore::arch {
inline constexpr bool can_run_on_hyperv = false;
}
