#include "kernel/fs/permission.hpp"

#include <algorithm>

namespace spore::fs {

bool in_group(const Context& context, u32 gid) {
    return context.gid == gid || std::ranges::find(context.groups, gid) != context.groups.end();
}

Result<void> check_permission(const Context& context, Inode& inode, u8 wanted) {
    if (context.uid == 0 && (inode.is_directory() || !(wanted & may_execute))) return {};
    auto stat = TRY(inode.stat());
    unsigned allowed = 0;
    if (context.uid == 0) allowed = may_read | may_write | ((stat.permissions & 0111) ? may_execute : 0);
    else if (context.uid == stat.uid) allowed = stat.permissions >> 6;
    else if (in_group(context, stat.gid)) allowed = stat.permissions >> 3;
    else allowed = stat.permissions;
    if ((allowed & wanted) == wanted) return {};
    return fail(Error::access_denied);
}

Result<void> check_writable_mount(const Dentry& entry) {
    if (entry.mount().read_only()) return fail(Error::read_only);
    return {};
}

Result<void> check_directory_change(const Context& context, Dentry& directory) {
    TRY(check_permission(context, *directory.inode(), may_write | may_execute));
    return check_writable_mount(directory);
}

Result<void> check_sticky(const Context& context, Inode& directory, Inode& victim) {
    if (context.uid == 0) return {};
    auto above = TRY(directory.stat());
    if (!(above.permissions & sticky_bit) || above.uid == context.uid) return {};
    if (TRY(victim.stat()).uid == context.uid) return {};
    return fail(Error::not_permitted);
}

namespace {
constexpr std::string_view capabilities_of_file = "security.capability";  // [linux/xattr.h]
}

Result<bool> end_capabilities(Inode& program) {
    if (!program.get_attribute(capabilities_of_file, {})) return false;
    TRY(program.remove_attribute(capabilities_of_file));
    return true;
}

Result<bool> end_trust(const Context& context, Inode& program) {
    if (program.type() != FileType::regular || program.bears_no_trust.load(std::memory_order_relaxed)) return false;
    // Before the look: who gives trust meanwhile takes it back after that.
    program.bears_no_trust.store(true);
    bool ended = false;
    auto look = [&]() -> Result<bool> {
        ended = TRY(end_capabilities(program));
        auto stat = TRY(program.stat());
        if (!(stat.permissions & (set_uid_bit | set_gid_bit))) return true;
        u16 left = context.uid == 0 ? stat.permissions : without_trust(context, stat);
        if (left != stat.permissions) {
            TRY(program.change({.set_permissions = true, .permissions = left}));
            ended = true;
        }
        return !(left & (set_uid_bit | set_gid_bit));
    };
    auto nothing_left = look();
    if (!nothing_left || !*nothing_left) program.bears_no_trust.store(false);
    TRY(nothing_left);
    return ended;
}

Result<void> check_owner(const Context& context, Inode& inode) {
    if (context.uid == 0 || TRY(inode.stat()).uid == context.uid) return {};
    return fail(Error::not_permitted);
}

}  // namespace spore::fs
