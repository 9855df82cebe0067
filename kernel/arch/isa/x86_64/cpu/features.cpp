#include "features.hpp"

#include "../instructions.hpp"

namespace spore::arch {

constinit Features features{};

namespace {
constexpr bool bit(u32 word, unsigned index) { return word >> index & 1; }

// Leaf 0x40000000: the hypervisor's name; KVM's feature leaf follows it [linux Documentation/virt/kvm/x86/cpuid.rst].
void find_hypervisor() {
    auto name = cpuid(0x40000000);
    if (name.ebx == 0x4b4d564b && name.ecx == 0x564b4d56 && name.edx == 0x4d) {
        auto kvm = cpuid(0x40000001);
        features.kvm_clock = bit(kvm.eax, 3);
    }
    if (name.eax >= 0x40000010 && name.eax < 0x40010000) features.tsc_khz = cpuid(0x40000010).eax;
}

// Leaf 0x15: the TSC's frequency as a ratio to the crystal's. Where the latter is not told, the TSC runs at leaf 0x16's base frequency, from
// which software is to compute the crystal's [intel/vol3 20.7.3].
void find_tsc_frequency(u32 highest) {
    if (features.tsc_khz || highest < 0x15) return;
    auto r = cpuid(0x15);
    if (!r.eax || !r.ebx) return;
    if (r.ecx) features.tsc_khz = static_cast<u32>(u64{r.ecx} * r.ebx / r.eax / 1000);
    else if (highest >= 0x16) features.tsc_khz = (cpuid(0x16).eax & 0xffff) * 1000;
}
}  // namespace

void find_features() {
    u32 highest = cpuid(0).eax;
    auto basic = cpuid(1);
    auto extended = highest >= 7 ? cpuid(7) : CpuId{};
    auto amd = cpuid(0x80000001);
    features.capabilities = basic.edx;
    features.pcid = bit(basic.ecx, 17);
    features.x2apic = bit(basic.ecx, 21);
    features.tsc_deadline = bit(basic.ecx, 24);
    features.xsave = bit(basic.ecx, 26);
    features.avx = bit(basic.ecx, 28);
    features.rdrand = bit(basic.ecx, 30);
    features.hypervisor = bit(basic.ecx, 31);
    features.fsgsbase = bit(extended.ebx, 0);
    features.smep = bit(extended.ebx, 7);
    features.avx512 = bit(extended.ebx, 16);
    features.rdseed = bit(extended.ebx, 18);
    features.smap = bit(extended.ebx, 20);
    features.umip = bit(extended.ecx, 2);
    features.rdtscp = bit(amd.edx, 27);
    features.gigabyte_pages = bit(amd.edx, 26);
    if (features.xsave) {
        auto area = cpuid(0xd, 0);
        // x87, SSE, AVX, AVX-512: what programs use. MPX, PKRU, AMX stay off.
        features.extended_mask = (u64{area.edx} << 32 | area.eax) & 0xe7;
        if ((features.extended_mask & 0xe0) != 0xe0) features.extended_mask &= 0x7;
        features.xsaveopt = bit(cpuid(0xd, 1).eax, 0);
        features.extended_size = 832;  // until XCR0 is set: set_up_cpu asks again
    } else {
        features.extended_size = 512;
    }
    if (features.hypervisor) find_hypervisor();
    find_tsc_frequency(highest);
}

}  // namespace spore::arch
