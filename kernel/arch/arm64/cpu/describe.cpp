// /proc/cpuinfo's block for one CPU, in the form that arm64 programs read [linux arch/arm64/kernel/cpuinfo.c].
#include "arch/registers.hpp"
#include "base/format.hpp"

namespace spore::arch {
namespace {

/// Linux's names of AT_HWCAP's and AT_HWCAP2's bits, from the lowest on.
constexpr const char* first_names[] = {
    "fp", "asimd", "evtstrm", "aes", "pmull", "sha1", "sha2", "crc32", "atomics", "fphp", "asimdhp", "cpuid", "asimdrdm", "jscvt", "fcma", "lrcpc",
    "dcpop", "sha3", "sm3", "sm4", "asimddp", "sha512", "sve", "asimdfhm", "dit", "uscat", "ilrcpc", "flagm", "ssbs", "sb", "paca", "pacg"};
constexpr const char* second_names[] = {
    "dcpodp", "sve2", "sveaes", "svepmull", "svebitperm", "svesha3", "svesm4", "flagm2", "frint", "svei8mm", "svef32mm", "svef64mm", "svebf16", "i8mm",
    "bf16", "dgh", "rng", "bti", "mte", "ecv", "afp", "rpres"};

std::size_t put_names(std::span<char> out, std::span<const char* const> names, u64 bits) {
    std::size_t used = 0;
    for (std::size_t bit = 0; bit < names.size(); ++bit)
        if (bits >> bit & 1) used += format_to(out.subspan(used), " {}", names[bit]).size();
    return used;
}

u64 main_id() {
    u64 value;
    asm volatile("mrs %0, midr_el1" : "=r"(value));
    return value;
}

u64 counter_frequency() {
    u64 value;
    asm volatile("mrs %0, cntfrq_el0" : "=r"(value));
    return value;
}

}  // namespace

std::size_t describe_cpu(u32 cpu, std::span<char> out) {
    u64 id = main_id();  // of this CPU: a virtual machine's are alike
    u64 frequency = counter_frequency();
    // BogoMIPS is what Linux makes of the counter's frequency.
    auto used = format_to(out, "processor\t: {}\nBogoMIPS\t: {}.{}{}\nFeatures\t:", cpu, frequency / 500'000, frequency / 50'000 % 10, frequency / 5'000 % 10).size();
    used += put_names(out.subspan(used), first_names, hardware_capabilities());
    used += put_names(out.subspan(used), second_names, hardware_capabilities_2());
    // [arm/ddi0487 D19.2.102]
    used += format_to(out.subspan(used), "\nCPU implementer\t: 0x{:x}\nCPU architecture: 8\nCPU variant\t: 0x{:x}\nCPU part\t: 0x{:x}\nCPU revision\t: {}\n\n",
                      id >> 24 & 0xff, id >> 20 & 0xf, id >> 4 & 0xfff, id & 0xf).size();
    return used;
}

}  // namespace spore::arch
