// Files that travel between the host and a running guest (spore cp): what goes as standard output or standard input over a nested channel
// (channel.hpp) that began with `copy`.
//
// Each file, folder and link is a CopyEntry and its strings; a file's contents follow in pieces, each a le32 with its size, until one of size 0.
#pragma once

#include "base/bytes.hpp"

namespace spore::abi {

/// Out of the guest or into it, where its standard output carries the problems.
enum class CopyDirection : u8 { out = 0, in = 1 };

/// A `copy` frame's payload, before two strings with their zeros: the path in the guest, absolute, and what is copied into it is called there when it is a
/// folder that there is already (empty: out of the guest).
struct CopyPayload {
    u8 direction;
    u8 reserved[3];
};

enum class CopyType : u8 {
    file = 1,
    folder = 2,   ///< before what is in it
    link = 3,     ///< symbolic; its target follows the name
    problem = 4,  ///< this one was not copied, and why
};
struct CopyEntry {
    u8 type;
    u8 reserved;
    le16 permissions;  ///< the lower 9 bits of the mode
    le32 error;        ///< of a problem: a number of Linux's errno
    le64 modified;     ///< seconds since 1970
    le16 name;         ///< bytes of its path below what is copied; 0: that itself
    le16 target;       ///< bytes of a link's target
    u8 reserved2[4];
};
static_assert(sizeof(CopyEntry) == 24 && alignof(CopyEntry) == 1);
inline constexpr u16 max_copy_string = 4095;
inline constexpr u32 max_copy_piece = 65536;

}  // namespace spore::abi
