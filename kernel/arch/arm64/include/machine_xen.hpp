// This machine is never a guest of Xen: arch/xen.hpp is not implemented.
#pragma once

namespace spore::arch {
inline constexpr bool can_run_on_xen = false;
}
