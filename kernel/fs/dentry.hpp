// A name in the tree, with the mount it was reached through. A dentry is fixed to its inode for life (or to none: the name is
// known to be absent); its name and parent change when it is renamed, under the tree lock.
//
// The cache holds one owner of each dentry in it, so that names stay known after the last close; what nobody else
// owns is dropped, oldest first, when there are too many.
#pragma once

#include "base/text.hpp"
#include "kernel/fs/inode.hpp"

namespace spore::fs {

class Dentry;

/// Puts an inode of `file_system` over what `at` names.
Result<void> cover(Dentry& at, Shared<FileSystem> file_system, Shared<Inode> inode, bool read_only);

/// One file system in the tree.
class Mount final : public Counted {
public:
    Mount(Shared<FileSystem> file_system, bool read_only) : file_system_(std::move(file_system)), read_only_(read_only) {}
    FileSystem& file_system() const { return *file_system_; }
    bool read_only() const { return read_only_ || file_system_->read_only(); }
    /// Before anybody writes there.
    void become_read_only() { read_only_ = true; }
    /// The directory that this mount's root lies over; null at the root of a tree.
    Dentry* covered() const { return covered_.get(); }
    /// Grows from one mount to the next; 0 for what was never put into a tree.
    u64 id() const { return id_; }

    ListLink<Mount> link;  ///< among all mounts
    ~Mount() { leave_list(); }

private:
    friend Result<void> cover(Dentry&, Shared<FileSystem>, Shared<Inode>, bool);
    friend void unmount(Dentry&);
    friend Result<Shared<Dentry>> make_tree(Shared<FileSystem>);
    friend Shared<Mount> next_mount(u64 after);
    void enter_list();
    void leave_list();
    u64 id_ = 0;
    Shared<FileSystem> file_system_;
    Shared<Dentry> covered_;
    bool read_only_;
};

/// Guards every dentry's name and parent.
sync::Spin& tree_lock();

class Dentry final : public Counted {
public:
    /// `parent` null makes the root of a mount, or an entry outside of the tree.
    static Result<Shared<Dentry>> create(Shared<Mount> mount, Dentry* parent, std::string_view name, Shared<Inode> inode);
    ~Dentry();

    /// Null when the name is absent.
    Inode* inode() const { return inode_.get(); }
    bool negative() const { return !inode_; }
    Mount& mount() const { return *mount_; }
    /// The name was removed while this was in use.
    bool deleted() const { return deleted_.load(std::memory_order_relaxed); }
    /// The root of what is mounted here, or null. Mounts stay while anybody walks.
    Dentry* mounted() const { return mounted_.load(std::memory_order_acquire); }

    /// The directory above within this mount; null at its root.
    Shared<Dentry> parent() const;
    /// Under the tree lock.
    Dentry* parent_locked() const { return parent_.get(); }
    std::string_view name_locked() const { return long_name_.empty() ? std::string_view{short_name_, name_size_} : long_name_.view(); }

private:
    friend class DentryCache;
    friend Result<void> cover(Dentry&, Shared<FileSystem>, Shared<Inode>, bool);
    friend void unmount(Dentry&);
    Dentry() = default;
    Result<void> set_name(std::string_view name);

    // The cache's own; under the shard's lock.
    Dentry* hash_next_ = nullptr;
    u64 hash_ = 0;
    ListLink<Dentry> age_link_;
    bool hashed_ = false;
    bool used_ = false;  ///< since it was last looked at for dropping

    std::atomic<bool> deleted_ = false;
    u8 name_size_ = 0;
    char short_name_[38];
    Text long_name_;
    // Destroyed last to first: the inode goes before its mount, and with it before its file system.
    Shared<Mount> mount_;
    Shared<Dentry> parent_;
    Shared<Inode> inode_;
    std::atomic<Dentry*> mounted_ = nullptr;  ///< owned
};

}  // namespace spore::fs
