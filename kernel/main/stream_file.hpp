// The program's standard files when nobody sits at a terminal: one-way streams, like the pipes of a shell.
#pragma once

#include "kernel/device/console.hpp"
#include "kernel/fs/dentry.hpp"
#include "kernel/fs/file.hpp"

namespace spore::main {

struct StandardFiles {
    Shared<fs::File> in, out, err;
};

/// The terminal at /dev/console when the console is one; streams otherwise.
Result<StandardFiles> open_standard_files(device::Console& console, fs::Dentry& root);

}  // namespace spore::main
