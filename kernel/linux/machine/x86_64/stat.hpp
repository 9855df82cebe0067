// struct stat of x86-64 ([linux] arch/x86/include/uapi/asm/stat.h).
#pragma once

#include "kernel/linux/uapi/types.hpp"

namespace spore::linux {

struct UserStat {
    u64 device, inode, links;
    u32 mode, uid, gid, padding;
    u64 special;
    i64 size, block_size, blocks;
    Timespec accessed, modified, changed;
    i64 unused[3];
};
static_assert(sizeof(UserStat) == 144);

}  // namespace spore::linux
