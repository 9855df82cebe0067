// System calls in strace's format, from the same declarations as the dispatch table.
#pragma once

#include "arch/context.hpp"
#include "kernel/linux/process/task.hpp"

namespace spore::linux {

using StraceSink = void (*)(std::string_view line);
/// Where lines go; set by kernel/main before the first program starts.
void set_strace_sink(StraceSink sink);

void trace_begin(Task& task, const arch::TrapFrame& frame);
void trace_end(Task& task, const arch::TrapFrame& frame, i64 result);

/// The name of an error number: "ENOENT"; empty for what is none.
std::string_view errno_name(i64 number);

}  // namespace spore::linux
