// Whether programs run at the kernel's privilege level. Set once, before the first program page is mapped.
#pragma once

#include "abi/manifest.hpp"

namespace spore::arch {

abi::Mode mode();
/// What follows from it on this CPU: where SYSCALL enters, and SMEP, SMAP, UMIP.
void set_system_call_entry();
void set_protection_bits();

}  // namespace spore::arch
