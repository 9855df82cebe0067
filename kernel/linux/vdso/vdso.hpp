// The vDSO: a small shared object in every program, so that asking for the time takes no system call [vdso(7)].
#pragma once

#include "kernel/memory/address_space.hpp"

namespace spore::linux {

struct Vdso {
    VirtAddr start{};          ///< the object's header, for AT_SYSINFO_EHDR; null where the machine has none
    VirtAddr signal_return{};  ///< its entry point: what a handler returns to that names no place of its own (arm64)
};

/// Maps the clock pages and the code into a new program.
Result<Vdso> map_vdso(memory::AddressSpace& memory);

}  // namespace spore::linux
