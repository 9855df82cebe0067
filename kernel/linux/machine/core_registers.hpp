// A task's registers as core files have them. Implemented by each machine.
#pragma once

#if defined(__x86_64__)
#include "kernel/linux/machine/x86_64/core_registers.hpp"
#elif defined(__aarch64__)
#include "kernel/linux/machine/arm64/core_registers.hpp"
#endif

namespace spore::linux {

class CoreOutput;
class Task;

namespace machine {

/// Of the current task after task::store_program_state(), or of one that stands still.
CoreRegisters core_registers(const Task& task);
/// The notes on its other registers.
Result<void> put_register_notes(CoreOutput& output, const Task& task);

}  // namespace machine
}  // namespace spore::linux
