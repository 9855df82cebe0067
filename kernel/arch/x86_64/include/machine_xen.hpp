// Xen's guests of this CPU: arch/xen.hpp is implemented.
#pragma once

namespace spore::arch {
inline constexpr bool can_run_on_xen = true;
}
