// Folders of the host, where the manifest wants them in the program's file tree.
#pragma once

#include "kernel/fs/dentry.hpp"
#include "wire/manifest.hpp"

namespace spore::main {

/// Stops the machine with a message when a share is not there, or speaks another protocol.
Result<void> mount_shares(const wire::Manifest& manifest, fs::Dentry& root);

}  // namespace spore::main
