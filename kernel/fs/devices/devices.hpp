// /dev: a tmpfs with the nodes that programs expect.
#pragma once

#include "kernel/fs/inode.hpp"

namespace spore::fs {

/// What opens the nodes of major 1. Called once.
Result<void> register_memory_devices();

/// The file system for /dev. Whoever has a console registers /dev/tty (5:0) and /dev/console (5:1) with register_special().
Result<Shared<FileSystem>> create_devices();

/// Registers the memory devices and mounts /dev and /dev/shm, in memory, in a writable tree; directories that it lacks are made.
Result<void> mount_standard(Dentry& root);

}  // namespace spore::fs
