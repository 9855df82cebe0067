#include "kernel/fs/notify.hpp"

#include <utility>

namespace spore::fs {

namespace {
constinit sync::Mutex watches_mutex;
constinit std::atomic<u32> last_cookie = 0;
}  // namespace

namespace detail {
constinit std::atomic<u32> watch_count = 0;
}

sync::Mutex& InodeWatch::mutex() { return watches_mutex; }

void InodeWatch::add() {
    next_ = std::exchange(inode_->watches, this);
    detail::watch_count.fetch_add(1, std::memory_order_relaxed);
}

void InodeWatch::remove() {
    auto** at = &inode_->watches;
    while (*at != this) at = &(*at)->next_;
    *at = std::exchange(next_, nullptr);
    detail::watch_count.fetch_sub(1, std::memory_order_relaxed);
}

namespace {

/// With the mutex held. A watcher may go while it is told.
void tell_watches(Inode& inode, const ChangeNote& note) {
    for (auto* watch = inode.watches; watch;) std::exchange(watch, watch->next())->changed(note);
}

}  // namespace

namespace detail {

void tell_of(Dentry& entry, Change what) {
    auto* inode = entry.inode();
    if (!inode) return;
    ChangeNote note{.what = what, .of_directory = inode->is_directory(), .of_unnamed = entry.deleted()};
    char name[256];
    Shared<Dentry> parent;
    std::size_t size = 0;
    {
        Guard guard(tree_lock());
        if (auto* above = entry.parent_locked()) {
            parent = Shared(*above);
            size = entry.name_locked().copy(name, sizeof name);
        }
    }
    Guard guard(watches_mutex);
    if (parent) {
        auto named = note;
        named.name = {name, size};
        tell_watches(*parent->inode(), named);
    }
    tell_watches(*inode, note);
}

void tell_of_name(Inode& inode, const ChangeNote& note) {
    Guard guard(watches_mutex);
    tell_watches(inode, note);
}

void tell_of_rename(Inode& from, std::string_view old_name, Inode& to, std::string_view new_name, Inode& moved, Inode* replaced) {
    ChangeNote note{.what = Change::moved_from, .name = old_name, .of_directory = moved.is_directory(),
                    .cookie = last_cookie.fetch_add(1, std::memory_order_relaxed) + 1};
    Guard guard(watches_mutex);
    tell_watches(from, note);
    note.what = Change::moved_to, note.name = new_name;
    tell_watches(to, note);
    if (replaced) tell_watches(*replaced, {.what = Change::attributes, .of_directory = replaced->is_directory()});
    tell_watches(moved, {.what = Change::moved_self, .of_directory = moved.is_directory()});
}

/// The last user of a name that was removed is gone. When it was the inode's last name, the inode ends too, but for those who watch it.
void tell_of_end(Dentry& entry) {
    auto& inode = *entry.inode();
    auto stat = inode.stat();
    if (!stat || stat->links != 0) return;
    Guard guard(watches_mutex);
    tell_watches(inode, {.what = Change::deleted_self});
    while (auto* watch = inode.watches) {
        watch->remove();
        watch->inode_ended();
    }
}

}  // namespace detail
}  // namespace spore::fs
