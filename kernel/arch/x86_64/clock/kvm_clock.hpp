// KVM's paravirtual clock [linux Documentation/virt/kvm/x86/msr.rst]: tells the TSC's exact rate and the wall clock.
#pragma once

#include <optional>

#include "base/types.hpp"

namespace spore::arch {

/// The TSC's rate in kHz; 0 when KVM does not say.
u32 kvm_tsc_khz();
/// Wall clock now; nothing without KVM's clock.
std::optional<i64> kvm_wall_nanoseconds();

}  // namespace spore::arch
