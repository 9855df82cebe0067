// The whole system call interface over the fakes: a CPU of simulate()'s, a file tree, the loopback, and programs that are the test's own code. Memory is
// paged as on a CPU, threads and processes are real ones of the kernel's.
#pragma once

#include "kernel/linux/process/task.hpp"

namespace spore::fakes {

/// What a program does; returning is exit_group(0). Also what every thread and process that it makes does.
using Program = void (*)(linux::Task& task);

/// Makes this host process a machine with `memory` bytes, for good.
void start_linux(u64 memory);

/// Runs `program` as a process in a file tree of its own, and returns when it and all that it made have ended and the stack's connections are forgotten. Calls
/// that wait for what never comes are interrupted after a while, and killed after some more. An end that does not come is a panic.
void run_linux(Program program);

/// How many threads all programs have, now.
u32 linux_tasks();

/// The program's memory: readable and writable, at a place that programs know.
inline constexpr VirtAddr program_area{0x1000'0000};
inline constexpr u64 program_area_size = 64 * page_size;

/// A system call of the current task's, up to where the program would go on: its result as the program sees it.
i64 system_call(linux::Task& task, u64 number, const u64 (&arguments)[6]);

}  // namespace spore::fakes
