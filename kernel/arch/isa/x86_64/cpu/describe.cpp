// /proc/cpuinfo's block for one CPU.
#include "../instructions.hpp"
#include "arch/registers.hpp"
#include "base/format.hpp"
#include "features.hpp"
#include "machine_cpu.hpp"

namespace spore::arch {
namespace {

struct Flag {
    u32 leaf;
    u8 subregister;  ///< 0 ebx, 1 ecx, 2 edx
    u8 bit;
    const char* name;
};
/// Linux's names [linux arch/x86/include/asm/cpufeatures.h], those that programs look for.
constexpr Flag flags[] = {
    {1, 2, 0, "fpu"}, {1, 2, 4, "tsc"}, {1, 2, 8, "cx8"}, {1, 2, 15, "cmov"}, {1, 2, 19, "clflush"}, {1, 2, 23, "mmx"}, {1, 2, 24, "fxsr"},
    {1, 2, 25, "sse"}, {1, 2, 26, "sse2"}, {1, 1, 0, "pni"}, {1, 1, 1, "pclmulqdq"}, {1, 1, 9, "ssse3"}, {1, 1, 12, "fma"}, {1, 1, 13, "cx16"},
    {1, 1, 19, "sse4_1"}, {1, 1, 20, "sse4_2"}, {1, 1, 22, "movbe"}, {1, 1, 23, "popcnt"}, {1, 1, 25, "aes"}, {1, 1, 26, "xsave"}, {1, 1, 28, "avx"},
    {1, 1, 29, "f16c"}, {1, 1, 30, "rdrand"}, {1, 1, 31, "hypervisor"}, {7, 0, 0, "fsgsbase"}, {7, 0, 3, "bmi1"}, {7, 0, 5, "avx2"}, {7, 0, 7, "smep"},
    {7, 0, 8, "bmi2"}, {7, 0, 9, "erms"}, {7, 0, 18, "rdseed"}, {7, 0, 19, "adx"}, {7, 0, 20, "smap"}, {7, 0, 29, "sha_ni"},
    {0x80000001, 2, 20, "nx"}, {0x80000001, 2, 29, "lm"}, {0x80000001, 1, 0, "lahf_lm"}, {0x80000001, 1, 5, "abm"},
};

}  // namespace

std::size_t describe_cpu(u32 cpu, std::span<char> out) {
    auto maker = cpuid(0);
    char name[13] = {};
    std::memcpy(name, &maker.ebx, 4);
    std::memcpy(name + 4, &maker.edx, 4);
    std::memcpy(name + 8, &maker.ecx, 4);
    char model[49] = {};
    for (u32 i = 0; i < 3; ++i) {
        auto part = cpuid(0x80000002 + i);
        std::memcpy(model + i * 16, &part, 16);
    }
    u32 signature = cpuid(1).eax;
    u32 family = (signature >> 8 & 15) + (signature >> 20 & 0xff);
    u32 model_number = (signature >> 4 & 15) | (signature >> 12 & 0xf0);
    auto used = format_to(out,
        "processor\t: {}\nvendor_id\t: {}\ncpu family\t: {}\nmodel\t\t: {}\nmodel name\t: {}\nstepping\t: {}\n"
        "cpu MHz\t\t: {}.000\nphysical id\t: 0\nsiblings\t: {}\ncore id\t\t: {}\ncpu cores\t: {}\napicid\t\t: {}\nfpu\t\t: yes\nflags\t\t:",
        cpu, static_cast<const char*>(name), family, model_number, static_cast<const char*>(model), signature & 15,
        features.tsc_khz ? features.tsc_khz / 1000 : 1000, cpu_count(), cpu, cpu_count(), processor_number(cpu)).size();
    for (auto& flag : flags) {
        auto leaf = cpuid(flag.leaf);
        u32 word = flag.subregister == 0 ? leaf.ebx : flag.subregister == 1 ? leaf.ecx : leaf.edx;
        if (word >> flag.bit & 1) used += format_to(out.subspan(used), " {}", flag.name).size();
    }
    used += format_to(out.subspan(used), "\naddress sizes\t: 48 bits physical, 48 bits virtual\n\n").size();
    return used;
}

}  // namespace spore::arch
