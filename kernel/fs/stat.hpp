// What is known about a file, in the kernel's own shape; kernel/linux turns it into stat, statx, statfs.
#pragma once

#include <compare>

#include "base/types.hpp"

namespace spore::fs {

/// The values are those of the mode's type bits (S_IFMT >> 12), which dirent's d_type shares.
enum class FileType : u8 { unknown = 0, fifo = 1, character = 2, directory = 4, block = 6, regular = 8, link = 10, socket = 12 };

/// Seconds and nanoseconds since 1970-01-01 UTC.
struct FileTime {
    i64 seconds = 0;
    u32 nanoseconds = 0;
    friend constexpr auto operator<=>(FileTime, FileTime) = default;
};

struct Stat {
    u64 inode = 0;
    u64 device = 0;      ///< of the file system
    u64 special = 0;     ///< the device that a character or block node names
    FileType type = FileType::unknown;
    u16 permissions = 0; ///< the low 12 bits of the mode
    u32 links = 1;
    u32 uid = 0;
    u32 gid = 0;
    u64 size = 0;
    u64 blocks = 0;      ///< of 512 bytes
    u32 block_size = 4096;
    FileTime accessed, modified, changed, created;
};

struct FileSystemStat {
    u64 magic = 0;  ///< Linux's f_type
    u64 blocks = 0, free_blocks = 0;
    u64 files = 0, free_files = 0;
    u32 block_size = 4096;
    u32 name_limit = 255;
    bool read_only = false;
};

}  // namespace spore::fs
