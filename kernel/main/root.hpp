// The program's file tree: the image's EROFS root, a writable layer over it, and the kernel's own file systems.
#pragma once

#include "kernel/fs/dentry.hpp"
#include "kernel/main/bundle.hpp"

namespace spore::main {

/// Whether the program needs disks. Without, controllers of such are left as they are: setting them up takes long, and many machines have one.
bool wants_disks(const wire::Manifest& manifest);
/// Stops the machine with a message when the root is damaged or absent.
Shared<fs::Dentry> mount_root(const OpenBundle& bundle);

}  // namespace spore::main
