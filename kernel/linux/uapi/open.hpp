// The bits of open's flags, and their translation. x86-64's values; arm64 swaps O_DIRECTORY, O_NOFOLLOW, O_DIRECT and O_LARGEFILE.
#pragma once

#include "kernel/fs/vfs.hpp"

namespace spore::linux {

enum OpenFlag : u32 {
    o_write_only = 1, o_read_write = 2, o_access_mode = 3, o_create = 0100, o_exclusive = 0200, o_no_terminal = 0400, o_truncate = 01000,
    o_append = 02000, o_nonblock = 04000, o_data_sync = 010000, o_async = 020000, o_close_on_exec = 02000000, o_no_access_time = 01000000,
    o_sync = 04010000, o_path = 010000000, o_temporary_file = 020000000,
#if defined(__x86_64__)
    o_direct = 040000, o_large_file = 0100000, o_directory = 0200000, o_no_follow = 0400000,
#else
    o_directory = 040000, o_no_follow = 0100000, o_direct = 0200000, o_large_file = 0400000,
#endif
};
inline constexpr u32 known_open_flags = o_access_mode | o_create | o_exclusive | o_no_terminal | o_truncate | o_append | o_nonblock | o_sync |
                                        o_async | o_close_on_exec | o_no_access_time | o_path | o_temporary_file | o_direct | o_large_file |
                                        o_directory | o_no_follow;

constexpr fs::OpenMode open_mode_of(u32 flags) {
    u32 access = flags & o_access_mode;
    return {.read = access != o_write_only, .write = access == o_write_only || access == o_read_write, .append = (flags & o_append) != 0,
            .nonblocking = (flags & o_nonblock) != 0, .direct = (flags & o_direct) != 0, .path_only = (flags & o_path) != 0,
            .synchronous = (flags & o_data_sync) != 0, .asynchronous = (flags & o_async) != 0,
            .no_terminal = (flags & o_no_terminal) != 0, .traceless = (flags & o_no_access_time) != 0};
}
constexpr u32 flags_of(fs::OpenMode mode) {
    return (mode.path_only ? u32{o_path} : 0) | (mode.read && mode.write ? u32{o_read_write} : mode.write ? u32{o_write_only} : 0) |
           (mode.append ? u32{o_append} : 0) | (mode.nonblocking ? u32{o_nonblock} : 0) | (mode.direct ? u32{o_direct} : 0) |
           (mode.synchronous ? u32{o_sync} : 0) | (mode.asynchronous ? u32{o_async} : 0) | (mode.traceless ? u32{o_no_access_time} : 0);
}

}  // namespace spore::linux
