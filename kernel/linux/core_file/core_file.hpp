// A core file of a process that a signal ends [core(5)].
#pragma once

#include "kernel/linux/core_file/output.hpp"
#include "kernel/linux/process/process.hpp"

namespace spore::linux {

/// On the dying task's own thread, with its memory current. Where a file was begun, all other tasks of the process have ended when this returns or are about to, and
/// the process's status says that there is one. False when there is none: RLIMIT_CORE is less than a page, the process is not dumpable or ends already, or no file
/// could be made, of which the log tells. May sleep.
bool write_core(Task& task, const SignalInfo& info);

}  // namespace spore::linux
