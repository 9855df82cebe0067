#include "kernel/fs/walk.hpp"

#include "kernel/fs/permission.hpp"

namespace spore::fs {

namespace {

/// Through whatever is mounted on an entry.
Shared<Dentry> cross_mounts(Shared<Dentry> entry) {
    while (auto* root = entry->mounted()) entry = Shared(*root);
    return entry;
}

}  // namespace

Result<Shared<Dentry>> look_up_locked(Dentry& directory, const HashedName& name) {
    auto& inode = *directory.inode();
    Shared<Dentry> known;
    if (!inode.names_change()) known = dentry_cache().find(directory, name);
    // What is mounted on stays where it is, whatever became of the name.
    if (known && (!inode.names_expire() || known->mounted())) return known;
    if (name.text.size() > 255) return fail(Error::name_too_long);
    Shared<Inode> child;
    if (auto found = inode.look_up(name.text)) child = std::move(*found);
    else if (found.error() != Error::not_found) return fail(found.error());
    if (known) {
        if (known->inode() == child.get()) return known;
        dentry_cache().forget(*known, known->negative() ? DentryCache::Forget::only : DentryCache::Forget::deleted);
    }
    auto entry = TRY(Dentry::create(Shared(directory.mount()), &directory, name.text, std::move(child)));
    if (!inode.names_change()) dentry_cache().insert(*entry, name);
    return entry;
}

Result<Shared<Dentry>> look_up(Dentry& directory, const HashedName& name) {
    auto& inode = *directory.inode();
    if (inode.names_change()) return look_up_locked(directory, name);
    if (!inode.names_expire())
        if (auto found = dentry_cache().find(directory, name)) return found;
    Guard guard(inode.directory_mutex());
    return look_up_locked(directory, name);
}

Result<void> Walk::start(Dentry& at, std::string_view path) {
    if (path.empty()) return fail(Error::not_found);
    if (path.size() >= max_path) return fail(Error::name_too_long);
    if (resolution_.is_scoped() || resolution_.no_cross_device) start_ = Shared(at);
    at_ = Shared(at);
    TRY(enter(path));
    return advance();
}

Result<Shared<Dentry>> Walk::look_up_here(const HashedName& name) {
    if (!resolution_.cached || !at_->inode()->file_system().may_wait()) [[likely]] return look_up(*at_, name);
    auto found = dentry_cache().find(*at_, name);
    // Where a link leads may have to be read, too.
    if (!found || (!found->negative() && found->inode()->type() == FileType::link)) return fail(Error::would_block);
    return found;
}

/// Begins with a path or a link's target: from the root when it is absolute.
Result<void> Walk::enter(std::string_view path) {
    rest_ = path;
    if (!path.starts_with('/')) return {};
    if (resolution_.beneath) return fail(Error::cross_device);
    return go_to(Shared(root()));
}

Result<void> Walk::check_device(const Dentry& entry) const {
    if (resolution_.no_cross_device && &entry.mount() != &start_->mount()) return fail(Error::cross_device);
    return {};
}

Result<void> Walk::go_to(Shared<Dentry> entry) {
    TRY(check_device(*entry));
    at_ = std::move(entry);
    return {};
}

/// Takes the next component off the path; false at the end. Hashes on the way.
bool Walk::next_component(HashedName& name) {
    while (true) {
        std::size_t begin = 0;
        while (begin < rest_.size() && rest_[begin] == '/') ++begin;
        if (begin < rest_.size()) {
            std::size_t end = begin;
            u64 hash = name_hash_start;
            for (; end < rest_.size() && rest_[end] != '/'; ++end) hash = name_hash_step(hash, rest_[end]);
            name = {{rest_.data() + begin, end - begin}, hash};
            rest_ = {rest_.data() + end, rest_.size() - end};
            return true;
        }
        if (!outer_) return false;
        auto level = std::move(outer_);
        rest_ = level->rest;
        link_inode_ = std::move(level->link_inode);
        outer_ = std::move(level->outer);
    }
}

bool Walk::only_slashes_left() {
    auto only_slashes = [](std::string_view text) { return text.find_first_not_of('/') == text.npos; };
    if (!rest_.empty() && !only_slashes(rest_)) return false;
    bool slash = !rest_.empty();
    for (auto* level = outer_.get(); level; level = level->outer.get()) {
        if (!only_slashes(level->rest)) return false;
        slash = slash || !level->rest.empty();
    }
    must_be_directory_ = slash;
    return true;
}

Result<void> Walk::advance() {
    last_ = {};
    for (HashedName name{}; next_component(name);) {
        if (!at_->inode()->is_directory()) return fail(Error::not_directory);
        TRY(check_permission(context_, *at_->inode(), may_execute));
        bool is_last = only_slashes_left();
        if (name.text == ".") {
            if (is_last) must_be_directory_ = true;
            continue;
        }
        if (name.text == "..") {
            if (is_last) must_be_directory_ = true;
            TRY(step_up());
            continue;
        }
        if (is_last) {
            last_ = name;
            return {};
        }
        auto child = TRY(look_up_here(name));
        if (child->negative()) return fail(Error::not_found);
        if (child->inode()->type() == FileType::link) {
            TRY(push_link(*child));
            continue;
        }
        TRY(go_to(child->mounted() ? cross_mounts(std::move(child)) : std::move(child)));
    }
    return {};
}

Result<void> Walk::step_up() {
    if (resolution_.beneath && at_.get() == start_.get()) return fail(Error::cross_device);
    if (at_.get() == &root()) return {};
    auto here = at_;
    // Out of mounts, of which several may lie over each other.
    while (true) {
        if (auto parent = here->parent()) {
            return go_to(cross_mounts(std::move(parent)));
        }
        auto* covered = here->mount().covered();
        if (!covered) return {};  // the root of the tree is its own parent
        here = Shared(*covered);
    }
}

Result<void> Walk::push_link(Dentry& link) {
    if (resolution_.no_symlinks || ++links_ > max_links) return fail(Error::symlink_loop);
    Shared<Inode> inode(*link.inode());
    if (auto target = TRY(inode->follow_directly(context_))) {
        if (resolution_.no_magic_links) return fail(Error::symlink_loop);
        if (resolution_.is_scoped()) return fail(Error::cross_device);
        return go_to(cross_mounts(std::move(target)));
    }
    auto target = TRY(inode->link_target());
    if (target.empty()) return fail(Error::not_found);
    if (!rest_.empty()) {
        auto level = TRY(make_owned<Level>());
        level->outer = std::move(outer_);
        level->rest = rest_;
        level->link_inode = std::move(link_inode_);
        outer_ = std::move(level);
    }
    link_inode_ = std::move(inode);
    return enter(target);
}

Result<Shared<Dentry>> Walk::look_up_last() {
    if (last_.text.empty()) return at_;
    auto entry = TRY(look_up_here(last_));
    if (!entry->mounted()) return entry;
    auto root = cross_mounts(std::move(entry));
    TRY(check_device(*root));
    return root;
}

Result<void> Walk::follow(Dentry& link) {
    Shared<Inode> text_of_last = link_inode_;  // last_ may lie in it until advance() is done with it
    TRY(push_link(link));
    if (link_inode_.get() != link.inode()) {   // it led straight there
        last_ = {};
        return {};
    }
    return advance();
}

Result<Shared<Dentry>> walk_to(const Context& context, Dentry& at, std::string_view path, Follow follow, Resolution resolution) {
    Walk walk(context, resolution);
    TRY(walk.start(at, path));
    while (true) {
        auto entry = TRY(walk.look_up_last());
        if (entry->negative()) return fail(Error::not_found);
        if (entry->inode()->type() == FileType::link && !walk.last().text.empty() &&
            (follow == Follow::yes || walk.must_be_directory())) {
            TRY(walk.follow(*entry));
            continue;
        }
        if (walk.must_be_directory() && !entry->inode()->is_directory()) return fail(Error::not_directory);
        return entry;
    }
}

}  // namespace spore::fs
