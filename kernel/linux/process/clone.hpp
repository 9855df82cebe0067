// Making tasks: fork, vfork, clone, clone3.
#pragma once

#include "kernel/linux/process/process.hpp"

namespace spore::linux {

enum CloneFlag : u64 {
    clone_vm = 0x100, clone_fs = 0x200, clone_files = 0x400, clone_sighand = 0x800, clone_pidfd = 0x1000, clone_ptrace = 0x2000,
    clone_vfork = 0x4000, clone_parent = 0x8000, clone_thread = 0x10000, clone_new_namespace = 0x20000, clone_sysvsem = 0x40000,
    clone_settls = 0x80000, clone_parent_settid = 0x100000, clone_child_cleartid = 0x200000, clone_detached = 0x400000,
    clone_untraced = 0x800000, clone_child_settid = 0x1000000, clone_new_cgroup = 0x2000000, clone_new_uts = 0x4000000,
    clone_new_ipc = 0x8000000, clone_new_user = 0x10000000, clone_new_pid = 0x20000000, clone_new_net = 0x40000000, clone_io = 0x80000000,
    clone_clear_sighand = 0x1'0000'0000, clone_into_cgroup = 0x2'0000'0000,
};

struct CloneRequest {
    u64 flags = 0;
    i32 exit_signal = 0;
    VirtAddr stack{};  ///< the stack pointer; 0: the caller's
    u64 thread_pointer = 0;
    UserOut<i32> parent_id{}, child_id{}, pidfd{};
};
/// The new task's number.
Result<u64> clone_task(Task& task, const CloneRequest& request);

}  // namespace spore::linux
