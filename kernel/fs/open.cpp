// open(2): from a path and O_* to an open file description.
#include "kernel/fs/open.hpp"

#include "kernel/core/panic.hpp"
#include "kernel/fs/notify.hpp"
#include "kernel/fs/permission.hpp"
#include "kernel/fs/walk.hpp"
#include "kernel/memory/address_space.hpp"

namespace spore::fs {
namespace {

/// What O_PATH gives: a handle on the place, without its contents.
class PathFile final : public File {
public:
    PathFile(Dentry& entry, OpenMode mode) : File(mode), entry_(entry) {}
    Result<u64> read(IoBuffer&) override { return fail(Error::bad_descriptor); }
    Result<u64> write(IoBuffer&) override { return fail(Error::bad_descriptor); }
    Result<u64> read_at(IoBuffer&, u64) override { return fail(Error::bad_descriptor); }
    Result<u64> write_at(IoBuffer&, u64) override { return fail(Error::bad_descriptor); }
    Result<u64> seek(i64, Whence) override { return fail(Error::bad_descriptor); }
    Result<void> truncate(u64) override { return fail(Error::bad_descriptor); }
    Result<void> allocate(u32, u64, u64) override { return fail(Error::bad_descriptor); }
    Result<void> sync(bool) override { return fail(Error::bad_descriptor); }
    Result<void> read_directory(DirectorySink&) override { return fail(Error::bad_descriptor); }
    Result<u64> ioctl(u32, u64) override { return fail(Error::bad_descriptor); }
    Result<Shared<memory::MappedObject>> map(MapWrites) override { return fail(Error::bad_descriptor); }
    std::string_view describe(std::span<char> buffer) override { return describe_entry(*entry_, buffer); }
    Inode* inode() override { return entry_->inode(); }
    Dentry* dentry() override { return entry_.get(); }

private:
    Shared<Dentry> entry_;
};

/// Files that never had a name on a path, memfd's, may be run while they are open for writing; those that come here may not.
OpenMode counted(OpenMode mode) {
    mode.counted = mode.write || mode.execute;
    return mode;
}

/// Makes the last component of the walk, or finds that somebody else did meanwhile.
Result<Shared<Dentry>> create_last(const Context& context, Walk& walk, const OpenRequest& request, bool& created) {
    auto& directory = walk.directory();
    Guard guard(directory.inode()->directory_mutex());
    auto entry = TRY(look_up_locked(directory, walk.last()));
    if (!entry->negative()) return entry;
    TRY(check_directory_change(context, directory));
    NewInode node{.type = FileType::regular, .permissions = static_cast<u16>(request.permissions & ~context.umask & 07777)};
    created = true;
    return create_in(context, directory, walk.last(), node, entry.get());
}

Result<Shared<File>> finish(const Context& context, Dentry& entry, const OpenRequest& request, bool created) {
    auto& inode = *entry.inode();
    if (request.directory && !inode.is_directory()) return fail(Error::not_directory);
    if (request.mode.path_only) return TRY(make_shared<PathFile>(entry, request.mode));
    if (inode.type() == FileType::link) return fail(Error::symlink_loop);
    if (inode.type() == FileType::socket) return fail(Error::no_such_device_address);
    if (inode.is_directory() && (request.mode.write || request.create || request.truncate)) return fail(Error::is_directory);
    bool truncates = request.truncate && inode.type() == FileType::regular;
    if (!created) {
        u8 wanted = (request.mode.read ? may_read : 0) | (request.mode.write || truncates ? may_write : 0);
        TRY(check_permission(context, inode, wanted));
    }
    // Devices, pipes and sockets can be written on a read-only file system.
    bool changes = (request.mode.write || truncates) && inode.type() == FileType::regular;
    if (changes) TRY(check_writable_mount(entry));
    if (truncates && inode.use.executed()) return fail(Error::text_busy);
    if (truncates && !created && TRY(end_trust(context, inode))) tell(entry, Change::attributes);
    auto file = TRY(inode.open(entry, counted(request.mode)));
    tell(entry, Change::opened);
    if (truncates && !created) {
        TRY(inode.truncate(0));
        tell(entry, Change::modified);
    }
    return file;
}

/// Whose a new file in a directory is.
Result<void> give_owner(const Context& context, Inode& directory, NewInode& node) {
    node.uid = context.uid;
    node.gid = context.gid;
    // Files in a set-gid directory belong to its group, and directories hand the bit on.
    auto above = TRY(directory.stat());
    if (!(above.permissions & set_gid_bit)) return {};
    node.gid = above.gid;
    constexpr u16 runs_as_group = set_gid_bit | 010;
    if (node.type == FileType::directory) node.permissions |= set_gid_bit;
    // Nobody makes programs that act for a group that is not theirs [linux] mode_strip_sgid.
    else if ((node.permissions & runs_as_group) == runs_as_group && context.uid != 0 && !in_group(context, node.gid)) node.permissions &= ~set_gid_bit;
    return {};
}

Result<Shared<File>> open_unnamed(const Context& context, Dentry& at, std::string_view path, const OpenRequest& request) {
    if (!request.mode.write) return fail(Error::invalid);
    auto directory = TRY(walk_to(context, at, path, Follow::yes, request.resolution));
    if (!directory->inode()->is_directory()) return fail(Error::not_directory);
    TRY(check_directory_change(context, *directory));
    NewInode node{.type = FileType::regular, .permissions = static_cast<u16>(request.permissions & ~context.umask & 07777),
                  .stays_unnamed = request.exclusive};
    TRY(give_owner(context, *directory->inode(), node));
    auto inode = TRY(directory->inode()->create_unnamed(node));
    char buffer[24];
    auto name = format_to(buffer, "#{}", inode->number());
    auto entry = TRY(Dentry::create(Shared(directory->mount()), directory.get(), name, std::move(inode)));
    dentry_cache().forget(*entry, DentryCache::Forget::deleted);
    auto file = TRY(entry->inode()->open(*entry, counted(request.mode)));
    tell(*entry, Change::opened);
    return file;
}

}  // namespace

Result<Shared<Dentry>> create_in(const Context& context, Dentry& directory, const HashedName& name, NewInode node, Dentry* absent) {
    TRY(give_owner(context, *directory.inode(), node));
    auto inode = TRY(directory.inode()->create(name.text, node));
    // A new file has no attributes: its first write need not look for them.
    if (!(node.permissions & (set_uid_bit | set_gid_bit))) inode->bears_no_trust.store(true, std::memory_order_relaxed);
    auto entry = TRY(Dentry::create(Shared(directory.mount()), &directory, name.text, std::move(inode)));
    if (absent) dentry_cache().forget(*absent, DentryCache::Forget::only);
    if (!directory.inode()->names_change()) dentry_cache().insert(*entry, name);
    tell(*directory.inode(), name.text, Change::created, *entry->inode());
    return entry;
}

Result<Shared<File>> open(const Context& context, Dentry& at, std::string_view path, const OpenRequest& request) {
    if (request.temporary) return open_unnamed(context, at, path, request);
    Walk walk(context, request.resolution);
    TRY(walk.start(at, path));
    bool created = false;
    while (true) {
        if (request.create && walk.must_be_directory() && !walk.last().text.empty()) return fail(Error::is_directory);
        auto entry = TRY(walk.look_up_last());
        if (entry->negative() && request.create) entry = TRY(create_last(context, walk, request, created));
        if (entry->negative()) return fail(Error::not_found);
        if (request.create && request.exclusive && !created) return fail(Error::exists);
        if (entry->inode()->type() == FileType::link && !walk.last().text.empty() &&
            (!request.no_follow || walk.must_be_directory())) {
            TRY(walk.follow(*entry));
            continue;
        }
        if (walk.must_be_directory() && !entry->inode()->is_directory()) return fail(Error::not_directory);
        return finish(context, *entry, request, created);
    }
}

Result<Shared<File>> open_entry(const Context& context, Dentry& entry, OpenMode mode) {
    return finish(context, entry, OpenRequest{.mode = mode}, false);
}

std::string_view describe_entry(Dentry& entry, std::span<char> buffer) {
    auto path = path_from_tree_root(entry, buffer);
    return path ? *path : std::string_view{};
}

}  // namespace spore::fs
