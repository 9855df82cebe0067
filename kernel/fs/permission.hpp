// Who may do what to an inode: the classic mode bits, with user 0 above them.
#pragma once

#include "kernel/fs/vfs.hpp"

namespace spore::fs {

/// Bits of access(2).
inline constexpr u8 may_execute = 1, may_write = 2, may_read = 4;

inline constexpr u16 sticky_bit = 01000, set_gid_bit = 02000, set_uid_bit = 04000;

/// access_denied unless the caller has all of `wanted` (for directories, may_execute is to pass through).
Result<void> check_permission(const Context& context, Inode& inode, u8 wanted);
/// To change names in a directory: write and pass, and a mount that can be written.
Result<void> check_directory_change(const Context& context, Dentry& directory);
/// Sticky directories: only the owner of the entry or of the directory removes it.
Result<void> check_sticky(const Context& context, Inode& directory, Inode& victim);
/// not_permitted unless the caller owns the file.
Result<void> check_owner(const Context& context, Inode& inode);
Result<void> check_writable_mount(const Dentry& entry);
/// A stranger is about to change a program: it acts as nobody else any more. [Linux does so at each write, and not for who has CAP_FSETID.]
Result<void> end_trust(const Context& context, Inode& program);
/// The program acts as its file's group. Without the second bit, the first has another meaning [inode(7)].
inline constexpr bool acts_as_group(u16 permissions) { return (permissions & (set_gid_bit | 0010)) == (set_gid_bit | 0010); }
/// The same, acting as nobody but who runs it.
inline constexpr u16 without_trust(u16 permissions) {
    return static_cast<u16>(permissions & ~(acts_as_group(permissions) ? set_uid_bit | set_gid_bit : set_uid_bit));
}
bool in_group(const Context& context, u32 gid);

}  // namespace spore::fs
