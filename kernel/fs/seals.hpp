// Promises about a file in memory that nobody can take back [fcntl(2), file sealing]. Files whose file system knows no seals refuse them.
#pragma once

#include "base/types.hpp"

namespace spore::fs {

/// The values are Linux's F_SEAL_*.
enum Seal : u32 {
    seal_seal = 1,           ///< no more seals
    seal_shrink = 2,
    seal_grow = 4,
    seal_write = 8,          ///< contents stay
    seal_future_write = 16,  ///< the same, but for what is mapped already
    seal_executable = 32,    ///< the x bits of the mode stay
};
inline constexpr u32 all_seals = 63;

/// Whether writes to a mapping reach the file.
enum class MapWrites : u8 { nowhere, to_file };

}  // namespace spore::fs
