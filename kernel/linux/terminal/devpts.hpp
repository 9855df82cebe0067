// /dev/pts: the slaves' sides of the pseudoterminals whose masters are open.
#pragma once

#include "kernel/linux/terminal/pseudoterminal.hpp"

namespace spore::linux {

/// Registers /dev/ptmx and puts the file system over /dev/pts. Nothing when the tree has no such folder.
Result<void> mount_pseudoterminals(fs::Dentry& root);

namespace terminal {
/// The slave's name in /dev/pts, wherever the caller's root is.
Result<Shared<fs::Dentry>> slave_entry(PseudoTerminal& terminal);
Result<Shared<fs::File>> open_master(fs::Dentry& entry, fs::OpenMode mode);
}  // namespace terminal

}  // namespace spore::linux
