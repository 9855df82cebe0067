// The file tree: inodes that file systems implement, names that lead to them (dentries), mounts, and the walk from a path to them.
// The contract that kernel/linux calls; every operation takes the caller's identity and umask in Context.
#pragma once

#include "kernel/fs/dentry.hpp"

namespace spore::fs {

/// Who asks: identity for permission checks, and where relative and absolute paths begin.
struct Context {
    Dentry& root;
    Dentry& directory;
    u32 uid = 0, gid = 0;
    std::span<const u32> groups{};
    u16 umask = 022;
};

/// Where a walk may not lead: openat2's RESOLVE_* bits.
struct Resolution {
    bool no_symlinks : 1 = false;
    bool no_magic_links : 1 = false;   ///< those that lead straight to an entry (/proc/self/fd/3)
    bool no_cross_device : 1 = false;  ///< from one mount to another
    bool beneath : 1 = false;          ///< out of the directory where it starts
    bool in_root : 1 = false;          ///< that directory stands for the root
    bool cached : 1 = false;           ///< to where waiting for a device may be needed: would_block
    bool is_scoped() const { return beneath || in_root; }
};

/// O_* bits that matter while opening.
struct OpenRequest {
    OpenMode mode;
    bool create : 1 = false;
    bool exclusive : 1 = false;
    bool truncate : 1 = false;
    bool directory : 1 = false;     ///< O_DIRECTORY
    bool no_follow : 1 = false;     ///< O_NOFOLLOW
    bool temporary : 1 = false;     ///< O_TMPFILE
    u16 permissions = 0;
    Resolution resolution{};
};

enum class Follow : u8 { no, yes };  ///< a symbolic link at the end of the path

/// Times to set; nothing: leave it.
struct TimesRequest {
    bool set_accessed = false, set_modified = false;
    FileTime accessed, modified;
};
struct RenameRequest {
    bool no_replace = false, exchange = false;
};

// `at` is where a relative path begins: context.directory for AT_FDCWD, else the dentry of an open directory.
Result<Shared<File>> open(const Context& context, Dentry& at, std::string_view path, const OpenRequest& request);
Result<Shared<Dentry>> resolve(const Context& context, Dentry& at, std::string_view path, Follow follow);
Result<Stat> stat(Dentry& entry);
Result<void> make_directory(const Context& context, Dentry& at, std::string_view path, u16 permissions);
Result<void> make_node(const Context& context, Dentry& at, std::string_view path, FileType type, u16 permissions, u64 special);
Result<void> make_symlink(const Context& context, Dentry& at, std::string_view path, std::string_view target);
Result<void> link(const Context& context, Dentry& old_entry, Dentry& at, std::string_view path);
Result<void> unlink(const Context& context, Dentry& at, std::string_view path);
Result<void> remove_directory(const Context& context, Dentry& at, std::string_view path);
Result<void> rename(const Context& context, Dentry& old_at, std::string_view old_path, Dentry& new_at, std::string_view new_path, RenameRequest request);
/// Bytes of the target written to `into`.
Result<u64> read_link(const Context& context, Dentry& entry, MutableByteSpan into);
/// access(2): `wanted` is R_OK|W_OK|X_OK.
Result<void> check_access(const Context& context, Dentry& entry, u8 wanted);
Result<void> set_permissions(const Context& context, Dentry& entry, u16 permissions);
/// ~0 leaves an id as it is.
Result<void> set_owner(const Context& context, Dentry& entry, u32 uid, u32 gid);
Result<void> set_times(const Context& context, Dentry& entry, const TimesRequest& request);
/// The same with the current time for what is set, which whoever may write the file may do.
Result<void> touch(const Context& context, Dentry& entry, const TimesRequest& request);
Result<void> truncate(const Context& context, Dentry& entry, u64 size);
Result<FileSystemStat> stat_file_system(Dentry& entry);

Result<u64> get_attribute(const Context& context, Dentry& entry, std::string_view name, MutableByteSpan value);
enum class AttributeMode : u8 { any, create, replace };
Result<void> set_attribute(const Context& context, Dentry& entry, std::string_view name, ByteSpan value, AttributeMode mode);
Result<u64> list_attributes(const Context& context, Dentry& entry, MutableByteSpan names);
Result<void> remove_attribute(const Context& context, Dentry& entry, std::string_view name);

/// The absolute path of an entry, as getcwd and /proc show it, written to `buffer`; out_of_range when it does not fit.
Result<std::string_view> path_of(Dentry& root, Dentry& entry, std::span<char> buffer);
/// Opens what a dentry names (execve, /proc/self/fd).
Result<Shared<File>> open_entry(const Context& context, Dentry& entry, OpenMode mode);

/// Puts a file system's root over the directory that `at` names.
Result<void> mount(Dentry& at, Shared<FileSystem> file_system, bool read_only);
/// Puts what `at` names over itself, so that it cannot be written by that name. There must be no entries below it in use.
Result<void> make_read_only(Dentry& at);
/// Takes away what was mounted over `at`; what is still open in it stays usable.
void unmount(Dentry& at);
/// Every file system's sync(), as far as they can.
void sync_all();
/// Every file system's close().
void close_all();
/// The mount with the lowest id above `after`; null when there is no more.
Shared<Mount> next_mount(u64 after);
/// The root of a tree that begins with this file system.
Result<Shared<Dentry>> make_tree(Shared<FileSystem> file_system);

}  // namespace spore::fs
