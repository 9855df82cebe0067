// The vDSO: a small shared object in every program, so that asking for the time takes no system call [vdso(7)].
#pragma once

#include "kernel/memory/address_space.hpp"

namespace spore::linux {

/// Maps the clock pages and the code into a new program: where the object's header lies, for AT_SYSINFO_EHDR. A null address where the
/// machine has none.
Result<VirtAddr> map_vdso(memory::AddressSpace& memory);

}  // namespace spore::linux
