// What this processor can do, found once at boot.
#pragma once

#include "base/types.hpp"

namespace spore::arch {

struct Features {
    bool gigabyte_pages, smep, smap, umip, x2apic, tsc_deadline, xsave, xsaveopt, rdrand, rdseed, fsgsbase, pcid, rdtscp, avx, avx512, hypervisor;
    bool kvm_clock;        ///< KVM's paravirtual clock (new MSRs)
    u64 extended_mask;     ///< XCR0 that we enable
    u32 extended_size;     ///< bytes of an XSAVE area with that mask
    u32 tsc_khz;           ///< when the CPU or hypervisor tells; else 0
    u32 capabilities;      ///< CPUID 1 EDX: AT_HWCAP
};

/// Filled by find_features() before anything else runs.
extern constinit Features features;
void find_features();

}  // namespace spore::arch
