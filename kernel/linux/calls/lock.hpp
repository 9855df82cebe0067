// fcntl's commands, and those of them that lock.
#pragma once

#include "kernel/linux/process/task.hpp"
#include "kernel/linux/uapi/types.hpp"

namespace spore::linux {

enum Fcntl : i32 {
    f_dupfd = 0, f_getfd = 1, f_setfd = 2, f_getfl = 3, f_setfl = 4, f_getlk = 5, f_setlk = 6, f_setlkw = 7, f_setown = 8, f_getown = 9,
    f_setsig = 10, f_getsig = 11, f_setown_ex = 15, f_getown_ex = 16,
    f_ofd_getlk = 36, f_ofd_setlk = 37, f_ofd_setlkw = 38, f_dupfd_cloexec = 1030, f_setpipe_sz = 1031, f_getpipe_sz = 1032,
    f_add_seals = 1033, f_get_seals = 1034,
};

/// F_SETLK, F_SETLKW and F_GETLK, of the process and of the open file description; `file` is what the descriptor refers to.
Result<u64> lock_range(Task& task, Descriptor descriptor, fs::File& file, i32 command, UserInOut<FileLock> lock);

}  // namespace spore::linux
