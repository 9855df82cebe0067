// Telling of changes: those who watch an inode hear what is done to it, and to the names in it when it is a directory. Everything that the
// VFS does to files comes by here; inotify listens.
//
// One mutex guards all lists of watches and is held while watchers hear of a change. Nothing is locked while nobody watches anything.
#pragma once

#include <string_view>

#include "kernel/fs/dentry.hpp"

namespace spore::fs {

/// What happened; the values are Linux's IN_* so that the ABI need not translate [inotify(7)].
enum class Change : u32 {
    accessed = 0x1,
    modified = 0x2,
    attributes = 0x4,
    closed_writable = 0x8,
    closed = 0x10,
    opened = 0x20,
    moved_from = 0x40,
    moved_to = 0x80,
    created = 0x100,
    deleted = 0x200,
    deleted_self = 0x400,
    moved_self = 0x800,
};

/// What is told of a change.
struct ChangeNote {
    Change what;
    std::string_view name{};      ///< in the watched directory; empty when the change is to the watched inode itself
    bool of_directory = false;    ///< what changed is a directory
    bool of_unnamed = false;      ///< what changed has lost its name already
    u32 cookie = 0;               ///< joins the two halves of a rename
};

/// Somebody's interest in one inode. It keeps the inode, and its file system, for as long as it watches.
class InodeWatch {
public:
    InodeWatch(Dentry& entry) : mount_(entry.mount()), inode_(*entry.inode()) {}
    InodeWatch(const InodeWatch&) = delete;
    virtual ~InodeWatch() = default;

    /// With the watches' mutex held, by the thread that made the change. May remove and delete this.
    virtual void changed(const ChangeNote& note) = 0;
    /// Who watches by this; nobody in particular when null.
    virtual const File* watcher() const { return nullptr; }
    /// The inode lost its last name and its last user. The watch was removed; it deletes itself.
    virtual void inode_ended() = 0;

    Inode& inode() const { return *inode_; }
    // With the watches' mutex held.
    void add();
    void remove();
    static sync::Mutex& mutex();
    InodeWatch* next() const { return next_; }

private:
    InodeWatch* next_ = nullptr;
    // Destroyed last to first: the inode goes before its file system.
    Shared<Mount> mount_;
    Shared<Inode> inode_;
};

namespace detail {
/// Watches there are in all.
extern constinit std::atomic<u32> watch_count;
void tell_of(Dentry& entry, Change what);
void tell_of_name(Inode& directory, const ChangeNote& note);
void tell_of_end(Dentry& entry);
void tell_of_rename(Inode& from, std::string_view old_name, Inode& to, std::string_view new_name, Inode& moved, Inode* replaced);
}  // namespace detail

inline bool anybody_watches() { return detail::watch_count.load(std::memory_order_relaxed) != 0; }

/// To those who watch what `entry` names, and those who watch the directory that it stands in.
inline void tell(Dentry& entry, Change what) {
    if (anybody_watches()) [[unlikely]] detail::tell_of(entry, what);
}
/// The same for an open file; nothing for one that has no place in the tree, or is only a place (O_PATH).
inline void tell(File& file, Change what) {
    if (!anybody_watches()) [[likely]] return;
    if (auto* entry = file.dentry(); entry && !file.mode().path_only) detail::tell_of(*entry, what);
}
/// A name came into a directory or left it.
inline void tell(Inode& directory, std::string_view name, Change what, const Inode& child) {
    if (anybody_watches()) [[unlikely]] detail::tell_of_name(directory, {.what = what, .name = name, .of_directory = child.is_directory()});
}
/// To those who watch an inode, and no directory: its number of links changed.
inline void tell(Inode& inode, Change what) {
    if (anybody_watches()) [[unlikely]] detail::tell_of_name(inode, {.what = what, .of_directory = inode.is_directory()});
}
inline void tell_renamed(Inode& from, std::string_view old_name, Inode& to, std::string_view new_name, Inode& moved, Inode* replaced) {
    if (anybody_watches()) [[unlikely]] detail::tell_of_rename(from, old_name, to, new_name, moved, replaced);
}

}  // namespace spore::fs
