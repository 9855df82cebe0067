// struct stat of arm64, the generic one ([linux] include/uapi/asm-generic/stat.h).
#pragma once

#include "kernel/linux/uapi/types.hpp"

namespace spore::linux {

struct UserStat {
    u64 device, inode;
    u32 mode, links, uid, gid;
    u64 special, padding;
    i64 size;
    i32 block_size, padding_2;
    i64 blocks;
    Timespec accessed, modified, changed;
    u32 unused[2];
};
static_assert(sizeof(UserStat) == 128);

}  // namespace spore::linux
