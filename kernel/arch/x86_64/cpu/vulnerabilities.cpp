#include "vulnerabilities.hpp"

#include "../instructions.hpp"
#include "kernel/core/log.hpp"

namespace spore::arch {
namespace {

constexpr u32 architecture_capabilities = 0x10a;  // IA32_ARCH_CAPABILITIES
constexpr u64 no_rogue_loads = 1 << 0;            // RDCL_NO

/// Rogue data cache loads ("Meltdown"): what the page tables give to the kernel alone is read before the fault comes. Intel's processors do that, but for
/// those that say they do not.
bool reads_the_kernel() {
    auto name = cpuid(0);
    bool intel = name.ebx == 0x756e6547 && name.edx == 0x49656e69 && name.ecx == 0x6c65746e;
    if (!intel) return false;
    bool tells = name.eax >= 7 && cpuid(7).edx >> 29 & 1;
    return !tells || !(read_msr(architecture_capabilities) & no_rogue_loads);
}

}  // namespace

void warn_of_leaks() {
    if (reads_the_kernel()) core::warn("on this processor programs may read all memory of the machine (Meltdown): --mode guarded only keeps them from changing it");
}

}  // namespace spore::arch
