// The program's standard files when nobody sits at a terminal: one-way streams, like the pipes of a shell.
#pragma once

#include "kernel/fs/dentry.hpp"
#include "kernel/fs/file.hpp"
#include "kernel/main/channel_console.hpp"
#include "wire/manifest.hpp"

namespace spore::main {

struct StandardFiles {
    Shared<fs::File> in, out, err;
};

/// The terminal at /dev/console when the console is one; otherwise streams, whose owner the program is, as a shell's pipes are its user's:
/// so that it can open /dev/stdout.
Result<StandardFiles> open_standard_files(device::Console& console, fs::Dentry& root, wire::Manifest::User owner);

/// Such streams in any case. They keep `kept`.
Result<StandardFiles> open_streams(device::Console& console, wire::Manifest::User owner, Shared<ChannelConsole> kept = nullptr);

}  // namespace spore::main
