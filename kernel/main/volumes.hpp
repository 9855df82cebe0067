// Volumes: disks with a file system of their own, found among the machine's by its UUID or label, wherever they are attached.
#pragma once

#include "kernel/fs/dentry.hpp"
#include "wire/manifest.hpp"

namespace spore::main {

/// Mounts what the manifest names. Stops the machine where one is missing or cannot be read; no_memory otherwise.
Result<void> mount_volumes(const wire::Manifest& manifest, fs::Dentry& root);

}  // namespace spore::main
