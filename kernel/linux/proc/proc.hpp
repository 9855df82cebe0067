// /proc and /sys: what the kernel tells programs about processes and itself [proc(5), sysfs(5)].
#pragma once

#include "kernel/fs/vfs.hpp"

namespace spore::linux {

/// Mounts /proc and /sys where the tree has these directories. At boot, before any program runs.
Result<void> mount_kernel_files(fs::Dentry& root);

}  // namespace spore::linux
