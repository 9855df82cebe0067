#include "features.hpp"

#include "../../isa/x86_64/cpu/features.hpp"
#include "../../isa/x86_64/instructions.hpp"
#include "../host/call.hpp"
#include "machine_cpu.hpp"

namespace spore::arch {
namespace {

constexpr u64 has_fsgsbase = 1 << 1;  // HWCAP2_FSGSBASE [linux arch/x86/include/uapi/asm/hwcap2.h]
constexpr u64 legacy_and_header = 512 + 64;

u64 enabled_states() {
    u32 low, high;
    asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return u64{high} << 32 | low;
}

/// Bytes of a standard XSAVE area with the states in `mask` [intel/vol1 13.4].
u32 area_size(u64 mask) {
    u32 size = legacy_and_header;
    for (u32 state = 2; state < 32; ++state) {
        if (!(mask >> state & 1)) continue;
        auto leaf = cpuid(0xd, state);
        if (leaf.eax + leaf.ebx > size) size = leaf.eax + leaf.ebx;
    }
    return size;
}

constexpr int set_gs = 0x1001, set_fs = 0x1002;  // arch_prctl

}  // namespace

void adapt_features(u64 capabilities) {
    features.fsgsbase = features.fsgsbase && capabilities & has_fsgsbase;
    if (!features.xsave || !(cpuid(1).ecx >> 27 & 1)) {
        features.xsave = features.xsaveopt = false;
        return;
    }
    features.extended_mask &= enabled_states();
    features.extended_size = area_size(features.extended_mask);
}

// Where the instructions are missing, programs change it by calls to us only: so it is what was written last, and asking the host costs nothing.
u64 read_fs_base() { return own().fs_base; }
void write_fs_base(u64 value) {
    if (own().fs_base == value) return;
    own().fs_base = value;
    host::call(SYS_arch_prctl, set_fs, value);
}

u64 read_gs_base() {
    if (!features.fsgsbase) return own().gs_base;
    u64 value;
    asm volatile("rdgsbase %0" : "=r"(value));
    return value;
}
void write_gs_base(u64 value) {
    if (features.fsgsbase) {
        asm volatile("wrgsbase %0" : : "r"(value));
    } else if (own().gs_base != value) {
        own().gs_base = value;
        host::call(SYS_arch_prctl, set_gs, value);
    }
}

}  // namespace spore::arch
