// Reading and changing what is known about files.
#include "kernel/fs/notify.hpp"
#include "kernel/fs/permission.hpp"
#include "kernel/fs/walk.hpp"

namespace spore::fs {

Result<Shared<Dentry>> resolve(const Context& context, Dentry& at, std::string_view path, Follow follow) {
    return walk_to(context, at, path, follow);
}

namespace {
/// Those who watch hear of what was done, if it was.
template <typename T>
Result<T> told(Dentry& entry, Change what, Result<T> outcome) {
    if (outcome) tell(entry, what);
    return outcome;
}
/// One time alone stands for the access or change that it tells of [linux] fsnotify_change.
Change what_changes(const TimesRequest& request) {
    if (request.set_accessed && request.set_modified) return Change::attributes;
    return request.set_accessed ? Change::accessed : Change::modified;
}
}  // namespace

Result<Stat> stat(Dentry& entry) { return entry.inode()->stat(); }

Result<u64> read_link(const Context&, Dentry& entry, MutableByteSpan into) {
    if (entry.inode()->type() != FileType::link) return fail(Error::invalid);
    auto target = TRY(entry.inode()->link_target());
    auto size = std::min(target.size(), into.size());
    std::memcpy(into.data(), target.data(), size);
    return size;
}

Result<void> check_access(const Context& context, Dentry& entry, u8 wanted) {
    if ((wanted & may_write) && (entry.inode()->type() == FileType::regular || entry.inode()->is_directory()))
        TRY(check_writable_mount(entry));
    return check_permission(context, *entry.inode(), wanted);
}

Result<void> set_permissions(const Context& context, Dentry& entry, u16 permissions) {
    auto& inode = *entry.inode();
    if (inode.type() == FileType::link) return fail(Error::not_supported);
    TRY(check_writable_mount(entry));
    TRY(check_owner(context, inode));
    // Others than user 0 give only their own groups the set-gid bit [chmod(2)].
    if (context.uid != 0 && !in_group(context, TRY(inode.stat()).gid)) permissions &= ~set_gid_bit;
    auto changed = told(entry, Change::attributes, inode.change({.set_permissions = true, .permissions = static_cast<u16>(permissions & 07777)}));
    inode.bears_no_trust.store(false);
    return changed;
}

Result<void> set_owner(const Context& context, Dentry& entry, u32 uid, u32 gid) {
    auto& inode = *entry.inode();
    TRY(check_writable_mount(entry));
    auto stat = TRY(inode.stat());
    constexpr u32 keep = ~0u;
    if (context.uid != 0) {
        if (uid != keep && (uid != stat.uid || context.uid != stat.uid)) return fail(Error::not_permitted);
        if (gid != keep && (context.uid != stat.uid || (gid != stat.gid && !in_group(context, gid)))) return fail(Error::not_permitted);
    }
    AttributeChange change{.set_uid = uid != keep, .set_gid = gid != keep, .uid = uid, .gid = gid};
    // A new owner must not inherit what the old one's program was trusted with.
    if (!inode.is_directory()) {
        TRY(end_capabilities(inode));
        change.set_permissions = (stat.permissions & (set_uid_bit | set_gid_bit)) != 0;
        change.permissions = without_trust(context, stat);
    }
    return told(entry, Change::attributes, inode.change(change));
}

Result<void> set_times(const Context& context, Dentry& entry, const TimesRequest& request) {
    TRY(check_writable_mount(entry));
    TRY(check_owner(context, *entry.inode()));
    return told(entry, what_changes(request), entry.inode()->change({.set_accessed = request.set_accessed, .set_modified = request.set_modified,
                                                                     .accessed = request.accessed, .modified = request.modified}));
}

Result<void> touch(const Context& context, Dentry& entry, const TimesRequest& request) {
    // With the current time, the right to write the file is enough [utimensat(2)].
    TRY(check_writable_mount(entry));
    if (!check_owner(context, *entry.inode())) TRY(check_permission(context, *entry.inode(), may_write));
    auto now = current_time();
    return told(entry, what_changes(request), entry.inode()->change({.set_accessed = request.set_accessed, .set_modified = request.set_modified,
                                                                     .accessed = now, .modified = now}));
}

Result<void> truncate(const Context& context, Dentry& entry, u64 size) {
    auto& inode = *entry.inode();
    if (inode.is_directory()) return fail(Error::is_directory);
    if (inode.type() != FileType::regular) return fail(Error::invalid);
    TRY(check_writable_mount(entry));
    TRY(check_permission(context, inode, may_write));
    if (inode.use.executed()) return fail(Error::text_busy);
    if (TRY(end_trust(context, inode))) tell(entry, Change::attributes);
    return told(entry, Change::modified, inode.truncate(size));
}

Result<FileSystemStat> stat_file_system(Dentry& entry) {
    auto stat = TRY(entry.mount().file_system().stat());
    stat.read_only = entry.mount().read_only();
    return stat;
}

namespace {

/// Name spaces of attributes: user.* by the file's mode, trusted.* and the rest for user 0 [xattr(7)].
Result<void> check_attribute(const Context& context, Inode& inode, std::string_view name, u8 wanted) {
    if (name.empty() || name.size() > 255) return fail(Error::out_of_range);
    for (std::string_view space : {"user.", "trusted.", "security.", "system."})
        if (name == space) return fail(Error::invalid);
    if (name.starts_with("user.")) {
        if (inode.type() != FileType::regular && !inode.is_directory())
            return fail(wanted == may_write ? Error::not_permitted : Error::no_data);
        // Where anybody may leave files, anybody could fill the directory's own attributes.
        if (wanted == may_write && inode.is_directory() && (TRY(inode.stat()).permissions & sticky_bit)) TRY(check_owner(context, inode));
        return check_permission(context, inode, wanted);
    }
    if (name.starts_with("trusted.")) {
        if (context.uid == 0) return {};
        return fail(wanted == may_write ? Error::not_permitted : Error::no_data);
    }
    if (name.starts_with("security.") || name.starts_with("system.")) {
        if (wanted == may_read || context.uid == 0) return {};
        return fail(Error::not_permitted);
    }
    return fail(Error::not_supported);
}

}  // namespace

Result<u64> get_attribute(const Context& context, Dentry& entry, std::string_view name, MutableByteSpan value) {
    TRY(check_attribute(context, *entry.inode(), name, may_read));
    return entry.inode()->get_attribute(name, value);
}

Result<void> set_attribute(const Context& context, Dentry& entry, std::string_view name, ByteSpan value, AttributeMode mode) {
    TRY(check_writable_mount(entry));
    TRY(check_attribute(context, *entry.inode(), name, may_write));
    if (value.size() > 65536) return fail(Error::argument_list_too_long);
    auto set = told(entry, Change::attributes,
                    entry.inode()->set_attribute(name, value, mode == AttributeMode::create, mode == AttributeMode::replace));
    entry.inode()->bears_no_trust.store(false);
    return set;
}

Result<u64> list_attributes(const Context&, Dentry& entry, MutableByteSpan names) { return entry.inode()->list_attributes(names); }

Result<void> remove_attribute(const Context& context, Dentry& entry, std::string_view name) {
    TRY(check_writable_mount(entry));
    TRY(check_attribute(context, *entry.inode(), name, may_write));
    return told(entry, Change::attributes, entry.inode()->remove_attribute(name));
}

}  // namespace spore::fs
