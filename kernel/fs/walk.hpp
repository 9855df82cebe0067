// From a path to an entry: one component at a time, through mounts and symbolic links.
#pragma once

#include "kernel/fs/dentry_cache.hpp"
#include "kernel/fs/vfs.hpp"

namespace spore::fs {

inline constexpr unsigned max_links = 40;  ///< followed in one walk; more is a loop
inline constexpr std::size_t max_path = 4096;  ///< the terminating zero included

/// The entry `name` in `directory`, from the cache or the file system; negative when it is absent.
Result<Shared<Dentry>> look_up(Dentry& directory, const HashedName& name);
/// The same with the directory's mutex held.
Result<Shared<Dentry>> look_up_locked(Dentry& directory, const HashedName& name);

class Walk {
public:
    explicit Walk(const Context& context, Resolution resolution = {}) : context_(context), resolution_(resolution) {}
    Walk(const Walk&) = delete;

    /// Goes from `at` to the directory that holds the path's last component, which stays in last(). not_found for an empty path.
    Result<void> start(Dentry& at, std::string_view path);
    /// Looks up the last component, unless it is a dot or the root: then the walk is there already. May be negative.
    Result<Shared<Dentry>> look_up_last();
    /// The last component was a symbolic link: goes on to the directory that holds its target's last component. When the link
    /// leads straight to an entry, last() is empty and directory() is that entry.
    Result<void> follow(Dentry& link);

    Dentry& directory() const { return *at_; }
    /// Empty when the path ends in "/", "." or "..": then directory() is what it names.
    const HashedName& last() const { return last_; }
    /// The path ended in a slash: what it names must be a directory.
    bool must_be_directory() const { return must_be_directory_; }

private:
    /// A path that waits while a link's target in its middle is walked.
    struct Level {
        Owned<Level> outer;
        std::string_view rest;
        Shared<Inode> link_inode;
    };
    Result<void> enter(std::string_view path);
    Result<void> go_to(Shared<Dentry> entry);
    Result<void> check_device(const Dentry& entry) const;
    Dentry& root() const { return resolution_.in_root ? *start_ : context_.root; }
    Result<void> advance();
    Result<Shared<Dentry>> look_up_here(const HashedName& name);
    bool next_component(HashedName& name);
    bool only_slashes_left();
    Result<void> step_up();
    Result<void> push_link(Dentry& link);

    const Context& context_;
    Resolution resolution_;
    Shared<Dentry> at_;
    Shared<Dentry> start_;        ///< where there are restrictions
    std::string_view rest_;       ///< of the path or link target that is being walked
    Owned<Level> outer_;          ///< where to go on when rest_ is used up
    Shared<Inode> link_inode_;    ///< holds the text that rest_ lies in
    HashedName last_{};
    unsigned links_ = 0;
    bool must_be_directory_ = false;
};

/// Walks the whole path. not_found when it leads nowhere.
Result<Shared<Dentry>> walk_to(const Context& context, Dentry& at, std::string_view path, Follow follow, Resolution resolution = {});

}  // namespace spore::fs
