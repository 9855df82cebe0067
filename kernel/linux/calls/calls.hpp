// Prototypes of every system call's function, from the declarations.
#pragma once

#include "kernel/linux/call.hpp"
#include "kernel/fs/io_buffer.hpp"
#include "kernel/linux/machine/stat.hpp"
#include "kernel/linux/process/credentials.hpp"
#include "kernel/linux/process/task.hpp"
#include "kernel/linux/uapi/futex.hpp"
#include "kernel/linux/uapi/queue.hpp"
#include "kernel/linux/uapi/socket.hpp"
#include "kernel/linux/uapi/types.hpp"

namespace spore::linux::calls {

#define CALL(name, x86_64, arm64, interrupt, status, arguments, note) Result<u64> name(Task& task SPORE_ARGUMENTS arguments);
#define SPORE_ARGUMENTS(...) __VA_OPT__(, ) __VA_ARGS__
#include "kernel/linux/calls/all.list.hpp"
#undef CALL

}  // namespace spore::linux::calls
