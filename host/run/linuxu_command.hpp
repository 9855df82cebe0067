// The plan as a command that runs the kernel as a process of this Linux (kernel/arch/linuxu/boot/settings.hpp reads it).
#pragma once

#include "host/plan/plan.hpp"
#include "host/run/qemu_command.hpp"

namespace spore::host {

/// Its descriptors are those that QEMU would inherit.
std::vector<std::string> linuxu_command(const Plan& plan, RootPlace root);

}  // namespace spore::host
