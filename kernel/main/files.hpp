// Files that are one machine's, beside an image that many may have: the manifest brings them.
#pragma once

#include "kernel/fs/dentry.hpp"
#include "wire/manifest.hpp"

namespace spore::main {

Result<void> make_files(const wire::Manifest& manifest, fs::Dentry& root);

}  // namespace spore::main
