// /dev: a tmpfs with the nodes that programs expect.
#pragma once

#include "kernel/fs/inode.hpp"

namespace spore::fs {

/// What opens the nodes of major 1. Called once.
Result<void> register_memory_devices();

/// The file system for /dev. Whoever has a console registers /dev/tty (5:0) and /dev/console (5:1) with register_special().
Result<Shared<FileSystem>> create_devices();

/// A whole tree: the writable view of `lower`, with /dev, /dev/shm and /tmp in memory. Directories that `lower` lacks are made;
/// /proc and /sys stay empty for who mounts them.
Result<Shared<Dentry>> make_standard_tree(Shared<FileSystem> lower);

}  // namespace spore::fs
