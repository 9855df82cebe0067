// Exceptions of program and kernel, however the machine learned of them.
#pragma once

#include "arch/context.hpp"
#include "arch/mmu.hpp"

namespace spore::arch {

/// What a page fault's error code says of the access.
Access wanted_access(u64 error);
/// Program code raised frame.vector.
void handle_program_fault(TrapFrame& frame);
/// Kernel code did: touching the program's memory, or the end.
void handle_kernel_fault(TrapFrame& frame);
/// Prints the registers and panics.
[[noreturn]] void die(const TrapFrame& frame, const char* what);

}  // namespace spore::arch
