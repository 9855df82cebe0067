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
bool in_group(const Context& context, u32 gid);
/// The contents are about to change: by whomever, the file gives no capabilities any more, and by others than user 0, it acts as nobody else
/// [linux/fs file_remove_privs; there CAP_FSETID keeps the latter]. True when that was so until now.
Result<bool> end_trust(const Context& context, Inode& program);
/// The part about capabilities alone.
Result<bool> end_capabilities(Inode& program);
/// The program acts as its file's group. Without the second bit, the first has another meaning [inode(7)].
inline constexpr bool acts_as_group(u16 permissions) { return (permissions & (set_gid_bit | 0010)) == (set_gid_bit | 0010); }
/// The same, acting as nobody but who runs it. What the bit of the group means without the other is for its members to say.
inline u16 without_trust(const Context& context, const Stat& stat) {
    bool keeps_group = !acts_as_group(stat.permissions) && (context.uid == 0 || in_group(context, stat.gid));
    return static_cast<u16>(stat.permissions & ~(keeps_group ? set_uid_bit : set_uid_bit | set_gid_bit));
}

}  // namespace spore::fs
