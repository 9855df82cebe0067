// Single x86-64 instructions that any program may use, as functions.
#pragma once

#include "base/types.hpp"

namespace spore::arch {

inline u64 read_tsc() {
    u32 low, high;
    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return u64{high} << 32 | low;
}
inline void pause() { asm volatile("pause" ::: "memory"); }

struct CpuId {
    u32 eax, ebx, ecx, edx;
};
inline CpuId cpuid(u32 leaf, u32 subleaf = 0) {
    CpuId r;
    asm volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(subleaf));
    return r;
}

}  // namespace spore::arch
