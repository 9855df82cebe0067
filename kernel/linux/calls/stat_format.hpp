// The kernel's Stat in the shapes that programs know.
#pragma once

#include "kernel/fs/stat.hpp"
#include "kernel/linux/machine/stat.hpp"

namespace spore::linux {

constexpr u32 mode_of(const fs::Stat& stat) { return static_cast<u32>(stat.type) << 12 | stat.permissions; }

inline UserStat to_user_stat(const fs::Stat& stat) {
    auto time = [](const fs::FileTime& t) { return Timespec{t.seconds, t.nanoseconds}; };
    UserStat user{};
    user.device = stat.device, user.inode = stat.inode, user.links = static_cast<decltype(user.links)>(stat.links);
    user.mode = mode_of(stat), user.uid = stat.uid, user.gid = stat.gid, user.special = stat.special;
    user.size = static_cast<i64>(stat.size), user.block_size = static_cast<decltype(user.block_size)>(stat.block_size), user.blocks = static_cast<i64>(stat.blocks);
    user.accessed = time(stat.accessed), user.modified = time(stat.modified), user.changed = time(stat.changed);
    return user;
}

/// Device numbers as makedev packs them into 64 bits.
constexpr u32 device_major(u64 device) { return static_cast<u32>((device >> 8 & 0xfff) | (device >> 32 & ~0xfffu)); }
constexpr u32 device_minor(u64 device) { return static_cast<u32>((device & 0xff) | (device >> 12 & ~0xffu)); }

}  // namespace spore::linux
