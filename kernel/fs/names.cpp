// Making, linking, removing and renaming entries.
#include <optional>

#include "kernel/fs/notify.hpp"
#include "kernel/fs/open.hpp"
#include "kernel/fs/permission.hpp"
#include "kernel/fs/walk.hpp"

namespace spore::fs {
namespace {

/// One rename at a time may move entries between directories: so "is this below that" stays true while it is used.
constinit sync::Mutex rename_mutex;

Result<void> make(const Context& context, Dentry& at, std::string_view path, const NewInode& node) {
    Walk walk(context);
    TRY(walk.start(at, path));
    if (walk.last().text.empty()) return fail(Error::exists);
    auto& directory = walk.directory();
    Guard guard(directory.inode()->directory_mutex());
    auto entry = TRY(look_up_locked(directory, walk.last()));
    if (!entry->negative()) return fail(Error::exists);
    if (walk.must_be_directory() && node.type != FileType::directory) return fail(Error::not_found);
    TRY(check_directory_change(context, directory));
    TRY(create_in(context, directory, walk.last(), node, entry.get()));
    return {};
}

/// What unlink, rmdir and rename ask of an entry that goes away or moves. The directory's mutex is held.
Result<void> check_removable(const Context& context, Dentry& directory, Dentry& entry) {
    TRY(check_sticky(context, *directory.inode(), *entry.inode()));
    if (entry.mounted()) return fail(Error::busy);
    return {};
}

bool is_below(Dentry& entry, Dentry& ancestor) {
    Guard guard(tree_lock());
    for (auto* at = &entry; at; at = at->parent_locked())
        if (at == &ancestor) return true;
    return false;
}

/// Two directories' mutexes, in an order that cannot deadlock: the ancestor first, unrelated ones by address.
class TwoDirectories {
public:
    TwoDirectories(Dentry& a, Dentry& b) : across_(a.inode() != b.inode()), first_(&a), second_(&b) {
        if (across_) {
            rename_mutex.lock();
            if (is_below(a, b) || (!is_below(b, a) && b.inode() < a.inode())) std::swap(first_, second_);
        }
        first_->inode()->directory_mutex().lock();
        if (across_) second_->inode()->directory_mutex().lock();
    }
    TwoDirectories(const TwoDirectories&) = delete;
    ~TwoDirectories() {
        if (across_) second_->inode()->directory_mutex().unlock();
        first_->inode()->directory_mutex().unlock();
        if (across_) rename_mutex.unlock();
    }

private:
    bool across_;
    Dentry* first_;
    Dentry* second_;
};

}  // namespace

Result<void> make_directory(const Context& context, Dentry& at, std::string_view path, u16 permissions) {
    return make(context, at, path, {.type = FileType::directory, .permissions = static_cast<u16>(permissions & ~context.umask & 01777)});
}

Result<void> make_node(const Context& context, Dentry& at, std::string_view path, FileType type, u16 permissions, u64 special) {
    if (type == FileType::directory || type == FileType::link) return fail(Error::not_permitted);
    if ((type == FileType::character || type == FileType::block) && context.uid != 0) return fail(Error::not_permitted);
    return make(context, at, path,
                {.type = type, .permissions = static_cast<u16>(permissions & ~context.umask & 07777), .special = special});
}

Result<void> make_symlink(const Context& context, Dentry& at, std::string_view path, std::string_view target) {
    if (target.empty()) return fail(Error::not_found);
    if (target.size() >= max_path) return fail(Error::name_too_long);
    return make(context, at, path, {.type = FileType::link, .permissions = 0777, .target = target});
}

Result<void> link(const Context& context, Dentry& old_entry, Dentry& at, std::string_view path) {
    Walk walk(context);
    TRY(walk.start(at, path));
    if (walk.last().text.empty()) return fail(Error::exists);
    auto& directory = walk.directory();
    Guard guard(directory.inode()->directory_mutex());
    auto entry = TRY(look_up_locked(directory, walk.last()));
    if (!entry->negative()) return fail(Error::exists);
    if (walk.must_be_directory()) return fail(Error::not_found);
    if (&directory.mount() != &old_entry.mount()) return fail(Error::cross_device);
    TRY(check_directory_change(context, directory));
    if (old_entry.inode()->is_directory()) return fail(Error::not_permitted);
    TRY(directory.inode()->link(walk.last().text, *old_entry.inode()));
    dentry_cache().forget(*entry, DentryCache::Forget::only);
    tell(*old_entry.inode(), Change::attributes);
    tell(*directory.inode(), walk.last().text, Change::created, *old_entry.inode());
    return {};
}

Result<void> unlink(const Context& context, Dentry& at, std::string_view path) {
    Walk walk(context);
    TRY(walk.start(at, path));
    if (walk.last().text.empty()) return fail(Error::is_directory);
    auto& directory = walk.directory();
    Guard guard(directory.inode()->directory_mutex());
    auto entry = TRY(look_up_locked(directory, walk.last()));
    if (entry->negative()) return fail(Error::not_found);
    TRY(check_directory_change(context, directory));
    TRY(check_removable(context, directory, *entry));
    if (entry->inode()->is_directory()) return fail(Error::is_directory);
    if (walk.must_be_directory()) return fail(Error::not_directory);
    Shared<Inode> inode(*entry->inode());
    TRY(directory.inode()->unlink(walk.last().text, *inode));
    dentry_cache().forget(*entry, DentryCache::Forget::deleted);
    tell(*inode, Change::attributes);
    entry.reset();  // the inode's end, if this was it, comes before that of its name, as on Linux
    tell(*directory.inode(), walk.last().text, Change::deleted, *inode);
    return {};
}

Result<void> remove_directory(const Context& context, Dentry& at, std::string_view path) {
    Walk walk(context);
    TRY(walk.start(at, path));
    if (walk.last().text.empty()) {
        while (path.ends_with('/')) path.remove_suffix(1);
        if (path.empty()) return fail(Error::busy);
        return fail(path.ends_with("..") ? Error::not_empty : Error::invalid);
    }
    auto& directory = walk.directory();
    Guard guard(directory.inode()->directory_mutex());
    auto entry = TRY(look_up_locked(directory, walk.last()));
    if (entry->negative()) return fail(Error::not_found);
    TRY(check_directory_change(context, directory));
    TRY(check_removable(context, directory, *entry));
    if (!entry->inode()->is_directory()) return fail(Error::not_directory);
    Shared<Inode> inode(*entry->inode());
    {
        Guard inner(inode->directory_mutex());
        TRY(directory.inode()->remove_directory(walk.last().text, *inode));
        dentry_cache().forget(*entry, DentryCache::Forget::deleted);
    }
    entry.reset();
    tell(*directory.inode(), walk.last().text, Change::deleted, *inode);
    return {};
}

Result<void> rename(const Context& context, Dentry& old_at, std::string_view old_path, Dentry& new_at, std::string_view new_path,
                    RenameRequest request) {
    if (request.no_replace && request.exchange) return fail(Error::invalid);
    Walk from(context), to(context);
    TRY(from.start(old_at, old_path));
    TRY(to.start(new_at, new_path));
    if (&from.directory().mount() != &to.directory().mount()) return fail(Error::cross_device);
    if (from.last().text.empty()) return fail(Error::busy);
    if (to.last().text.empty()) return fail(request.no_replace ? Error::exists : Error::busy);
    auto& old_directory = from.directory();
    auto& new_directory = to.directory();

    TwoDirectories locked(old_directory, new_directory);
    auto entry = TRY(look_up_locked(old_directory, from.last()));
    if (entry->negative()) return fail(Error::not_found);
    auto over = TRY(look_up_locked(new_directory, to.last()));
    if (request.no_replace && !over->negative()) return fail(Error::exists);
    if (request.exchange && over->negative()) return fail(Error::not_found);
    bool moves_directory = entry->inode()->is_directory();
    if (!moves_directory && (from.must_be_directory() || (to.must_be_directory() && !request.exchange))) return fail(Error::not_directory);
    // A directory cannot go below itself, nor replace one that it is in.
    if (is_below(new_directory, *entry)) return fail(Error::invalid);
    if (!over->negative() && is_below(old_directory, *over)) return fail(request.exchange ? Error::invalid : Error::not_empty);
    if (over->inode() == entry->inode()) return check_writable_mount(old_directory);  // two names of one file: POSIX says nothing happens
    TRY(check_directory_change(context, old_directory));
    TRY(check_directory_change(context, new_directory));
    TRY(check_removable(context, old_directory, *entry));
    if (!over->negative()) {
        TRY(check_removable(context, new_directory, *over));
        if (!request.exchange && moves_directory != over->inode()->is_directory())
            return fail(moves_directory ? Error::not_directory : Error::is_directory);
    }
    // A directory that gets another parent is written to: its ".." changes [rename(2), EACCES].
    if (old_directory.inode() != new_directory.inode()) {
        if (moves_directory) TRY(check_permission(context, *entry->inode(), may_write));
        if (request.exchange && over->inode()->is_directory()) TRY(check_permission(context, *over->inode(), may_write));
    }
    // Nobody may put a name into a directory while it is found to be empty, and replaced.
    std::optional<Guard<sync::Mutex>> replaced;
    if (!over->negative() && !request.exchange && moves_directory) replaced.emplace(over->inode()->directory_mutex());
    auto new_memory = TRY(DentryCache::memory_for(to.last())), old_memory = TRY(DentryCache::memory_for(from.last()));
    TRY(old_directory.inode()->rename(from.last().text, *entry->inode(), *new_directory.inode(), to.last().text, over->inode(),
                                      request.exchange));
    auto& cache = dentry_cache();
    if (request.exchange) {
        cache.forget(*over, DentryCache::Forget::only);
        cache.move(*entry, new_directory, to.last(), std::move(new_memory));
        cache.move(*over, old_directory, from.last(), std::move(old_memory));
        tell_renamed(*old_directory.inode(), from.last().text, *new_directory.inode(), to.last().text, *entry->inode(), nullptr);
        tell_renamed(*new_directory.inode(), to.last().text, *old_directory.inode(), from.last().text, *over->inode(), nullptr);
        return {};
    }
    cache.forget(*over, over->negative() ? DentryCache::Forget::only : DentryCache::Forget::deleted);
    cache.move(*entry, new_directory, to.last(), std::move(new_memory));
    tell_renamed(*old_directory.inode(), from.last().text, *new_directory.inode(), to.last().text, *entry->inode(), over->inode());
    return {};
}

}  // namespace spore::fs
