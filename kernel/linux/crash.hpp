// The report on a program that a signal killed: what happened, the registers, and where it was, as log lines at level error:
//
//   NAME (pid 1, thread 1) got signal 11: nothing is mapped at 0x10
//     rip 000055555555514a rsp 00007fffffffe4d0 …
//     at 0x55555555514a /bin/program+0x114a
//     at 0x7ffff7c23d0a /lib/libc.so.6+0x23d0a ?
//
// Each place is an address, and the file mapped there with the offset in it. '?' marks what was found by looking for return
// addresses on the stack, where frame pointers did not lead further: it may be left over from an earlier call. The host tool
// turns places into names (host/symbols).
#pragma once

#include "kernel/linux/process/task.hpp"

namespace spore::linux {

/// On the dying task's own thread, with its memory current. May sleep.
void report_crash(Task& task, const arch::TrapFrame& frame, const SignalInfo& info);

}  // namespace spore::linux
