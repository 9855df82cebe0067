// Character and block device nodes: a table from device numbers to what opens them.
#pragma once

#include "kernel/fs/dentry.hpp"

namespace spore::fs {

/// Linux's encoding of st_rdev [sys/sysmacros.h].
constexpr u64 device_number(u32 major, u32 minor) {
    return (minor & 0xff) | (u64{major & 0xfff} << 8) | (u64{minor & ~0xffu} << 12) | (u64{major & ~0xfffu} << 32);
}

using OpenSpecial = Result<Shared<File>> (*)(Dentry& entry, OpenMode mode);
/// Called at boot, before anything is opened. no_space when the table is full.
Result<void> register_special(FileType type, u64 number, OpenSpecial open);
/// no_such_device_address when nothing has that number.
Result<Shared<File>> open_special(Inode& inode, Dentry& entry, OpenMode mode);

}  // namespace spore::fs
