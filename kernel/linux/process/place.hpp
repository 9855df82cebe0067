// Where a process stands in the file tree: root, working directory, umask. Shared between tasks by CLONE_FS.
#pragma once

#include "kernel/fs/dentry.hpp"
#include "kernel/fs/vfs.hpp"
#include "kernel/sync/spin.hpp"

namespace spore::linux {

class Place final : public Counted {
    template <typename F>
    auto with_lock(F&& f) const {
        Guard guard(lock_);
        return f();
    }

public:
    Place(Shared<fs::Dentry> root, Shared<fs::Dentry> directory, u16 umask)
        : root_(std::move(root)), directory_(std::move(directory)), umask_(umask) {}

    Shared<fs::Dentry> root() const { return with_lock([this] { return root_; }); }
    Shared<fs::Dentry> directory() const { return with_lock([this] { return directory_; }); }
    u16 umask() const { return umask_.load(std::memory_order_relaxed); }
    u16 set_umask(u16 umask) { return umask_.exchange(umask, std::memory_order_relaxed); }
    void set_directory(Shared<fs::Dentry> entry) { with_lock([&] { std::swap(directory_, entry); return 0; }); }
    void set_root(Shared<fs::Dentry> entry) { with_lock([&] { std::swap(root_, entry); return 0; }); }
    Result<Shared<Place>> copy() const { return make_shared<Place>(root(), directory(), umask()); }

private:
    mutable sync::Spin lock_;
    Shared<fs::Dentry> root_, directory_;
    std::atomic<u16> umask_;
};

}  // namespace spore::linux
