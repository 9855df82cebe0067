#include "kernel/fs/notify.hpp"

namespace spore::fs {
namespace {
constinit sync::Spin the_tree_lock;
}

sync::Spin& tree_lock() { return the_tree_lock; }

Result<Shared<Dentry>> Dentry::create(Shared<Mount> mount, Dentry* parent, std::string_view name, Shared<Inode> inode) {
    auto* made = new (std::nothrow) Dentry;
    if (!made) return fail(Error::no_memory);
    auto entry = Shared<Dentry>::adopt(made);
    TRY(entry->set_name(name));
    entry->mount_ = std::move(mount);
    if (parent) entry->parent_ = Shared(*parent);
    entry->inode_ = std::move(inode);
    return entry;
}

Dentry::~Dentry() {
    if (deleted() && inode_ && anybody_watches()) [[unlikely]] detail::tell_of_end(*this);
    if (auto* root = mounted_.load(std::memory_order_relaxed)) Shared<Dentry>::adopt(root).reset();
    // A long chain of parents that only this entry kept alive goes one by one, not by recursion: stacks are small.
    auto parent = std::move(parent_);
    while (parent && parent->release()) {
        auto* dying = parent.leak();
        parent = std::move(dying->parent_);
        delete dying;
    }
    if (parent) (void)parent.leak();
}

Result<void> Dentry::set_name(std::string_view name) {
    if (name.size() > 255) return fail(Error::name_too_long);
    if (name.size() <= sizeof short_name_) {
        std::memcpy(short_name_, name.data(), name.size());
        long_name_ = {};
    } else {
        long_name_ = TRY(Text::copy(name));
    }
    name_size_ = static_cast<u8>(name.size());
    return {};
}

Shared<Dentry> Dentry::parent() const {
    Guard guard(the_tree_lock);
    return parent_;
}

}  // namespace spore::fs
