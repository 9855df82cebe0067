#include "kernel/fs/open.hpp"
#include "kernel/fs/vfs.hpp"

namespace spore::fs {

namespace {
constinit sync::Spin mounts_lock;
constinit u64 last_mount_id = 0;
constinit List<Mount, &Mount::link> mounts;
}  // namespace

void Mount::enter_list() {
    Guard guard(mounts_lock);
    id_ = ++last_mount_id;
    mounts.push_back(*this);
}

void Mount::leave_list() {
    Guard guard(mounts_lock);
    if (link.linked) mounts.remove(*this);
}

Shared<Mount> next_mount(u64 after) {
    Guard guard(mounts_lock);
    for (auto& mount : mounts)
        if (mount.id() > after && mount.try_retain()) return Shared<Mount>::adopt(&mount);
    return {};
}

namespace {
void for_each_mount(auto action) {
    u64 after = 0;
    while (auto mount = next_mount(after)) {
        action(mount->file_system());
        after = mount->id();
    }
}
}  // namespace

void sync_all() {
    for_each_mount([](FileSystem& mounted) { (void)mounted.sync(); });
}

void close_all() {
    for_each_mount([](FileSystem& mounted) { (void)mounted.close(); });
}

Result<Shared<Dentry>> make_tree(Shared<FileSystem> file_system) {
    auto inode = TRY(file_system->root());
    if (!inode->is_directory()) return fail(Error::corrupt);
    auto mount = TRY(make_shared<Mount>(std::move(file_system), false));
    mount->enter_list();
    return Dentry::create(std::move(mount), nullptr, "", std::move(inode));
}

Result<void> cover(Dentry& at, Shared<FileSystem> file_system, Shared<Inode> inode, bool read_only) {
    auto made = TRY(make_shared<Mount>(std::move(file_system), read_only));
    auto* entered = made.get();
    made->covered_ = Shared(at);
    auto root = TRY(Dentry::create(std::move(made), nullptr, "", std::move(inode)));
    Dentry* none = nullptr;
    if (!at.mounted_.compare_exchange_strong(none, root.get(), std::memory_order_acq_rel)) return fail(Error::busy);
    entered->enter_list();
    (void)root.leak();
    return {};
}

Result<void> mount(Dentry& at, Shared<FileSystem> file_system, bool read_only) {
    if (!at.inode()->is_directory()) return fail(Error::not_directory);
    auto inode = TRY(file_system->root());
    return cover(at, std::move(file_system), std::move(inode), read_only);
}

Result<void> make_read_only(Dentry& at) {
    if (!at.parent()) return at.mount().become_read_only(), Result<void>{};
    return cover(at, Shared(at.mount().file_system()), Shared(*at.inode()), true);
}

void unmount(Dentry& at) {
    auto* root = at.mounted_.exchange(nullptr, std::memory_order_acq_rel);
    if (!root) return;
    root->mount().leave_list();
    // The covered entry owned the root and the root's mount owns the covered entry: this undoes the first, and the last one who
    // uses the mount the second.
    Shared<Dentry>::adopt(root).reset();
}

}  // namespace spore::fs
