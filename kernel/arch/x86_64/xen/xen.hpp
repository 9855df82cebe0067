// Below Xen: what the machine itself needs of it. What front-ends need is arch/xen.hpp.
#pragma once

#include <optional>
#include <string_view>

#include "arch/boot.hpp"
#include "arch/xen.hpp"

namespace spore::arch::xen {

/// Gets the shared page and the console, on a machine that Xen has started by PVH's door. Needs memory.
void start(const BootInfo& info);
/// The TSC's rate in kHz; 0 when Xen does not tell, or there is none.
u32 tsc_khz();
/// Wall clock now; nothing without Xen.
std::optional<i64> wall_nanoseconds();
/// For start() and shut_down().
void start_console();
void drain_console();
/// Writes all of it, by polling, while the other side takes it. False where there is no such console.
bool write_early(std::string_view text);

}  // namespace spore::arch::xen
