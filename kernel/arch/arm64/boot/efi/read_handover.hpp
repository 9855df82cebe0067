// What the EFI stub learnt, as BootInfo.
#pragma once

#include "arch/boot.hpp"
#include "handover.hpp"

namespace spore::arch {

/// Adds all memory that the kernel may map: what is free, and where firmware's tables are.
void read_memory(BootInfo& info, const efi::Handover& handover);
/// Takes the latter out again.
void occupy_tables(BootInfo& info, const efi::Handover& handover);
/// Command line, bundle and tables' root; and the time, for the machine. The handover has to stay where the direct map shows it.
void read_settings(BootInfo& info, const efi::Handover& handover);

}  // namespace spore::arch
