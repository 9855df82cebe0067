// Whom a file below /proc/<pid> tells about. Found anew at each use: it may have ended.
#pragma once

#include "kernel/linux/process/process.hpp"

namespace spore::linux::proc {

struct Subject {
    i32 process_id = 0;
    i32 task_id = 0;  ///< 0: the process as a whole

    bool is_task() const { return task_id != 0; }
    Result<Shared<Process>> process() const;
    /// The task itself; for a process its main task, or another that still runs.
    Result<Shared<Task>> task() const;
    /// Numbers inodes: the same for the same file, and unlike those of other files and processes.
    u64 inode_number(u64 file) const { return u64{1} << 40 | static_cast<u64>(task_id ? task_id : process_id) << 20 | u64{task_id != 0} << 19 | file; }
};

/// The process whose directory in /proc this is; bad_descriptor for any other file.
Result<Shared<Process>> process_of_directory(fs::File& file);

/// Whether the current program may see what /proc hides from other users: open files, memory, environment.
Result<void> check_may_inspect(const Subject& subject);

}  // namespace spore::linux::proc
