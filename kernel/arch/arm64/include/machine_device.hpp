// How devices are accessed: load_device, store_device.
//
// A hypervisor that emulates a device learns from the syndrome which register was to be read or written, and how wide: the CPU
// tells that of loads and stores of one general register that leave the base as it is, and of no others [arm/DDI0487 D17.2.37 ISS
// encoding for a Data Abort, ISV]. A compiler left to itself walks through registers by `str w0, [x1], #4`, whose write-back KVM
// answers with an external abort.
#pragma once

#include "base/types.hpp"

namespace spore::arch {

#define SPORE_DEVICE_ACCESS(type, width, register)                                    \
    inline type load_device(const type* place) {                                      \
        type value;                                                                   \
        asm volatile("ldr" width " %" register "0, %1" : "=r"(value) : "Q"(*place));  \
        return value;                                                                 \
    }                                                                                 \
    inline void store_device(type* place, type value) {                               \
        asm volatile("str" width " %" register "1, %0" : "=Q"(*place) : "rZ"(value)); \
    }

SPORE_DEVICE_ACCESS(u8, "b", "w")
SPORE_DEVICE_ACCESS(u16, "h", "w")
SPORE_DEVICE_ACCESS(u32, "", "w")
SPORE_DEVICE_ACCESS(u64, "", "x")
#undef SPORE_DEVICE_ACCESS

}  // namespace spore::arch
