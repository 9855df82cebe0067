#include "kernel/linux/ipc/object.hpp"

#include <algorithm>
#include <span>

#include "kernel/time/timer.hpp"

namespace spore::linux::ipc {

i64 now() { return time::wall_nanoseconds() / 1'000'000'000; }

void Object::set_maker(const Credentials& who) {
    uid = creator_uid = who.effective_uid, gid = creator_gid = who.effective_gid;
    changed = now();
}

void Object::change_owner(u32 new_uid, u32 new_gid, u32 new_mode) { uid = new_uid, gid = new_gid, mode = new_mode & 0777, changed = now(); }

bool Object::is_owned_by(const Credentials& who) const {
    return who.effective_uid == uid || who.effective_uid == creator_uid || who.may(Capability::admin);
}

/// [linux] ipcperms
bool Object::allows(const Credentials& who, u32 access) const {
    u32 wanted = (access >> 6 | access >> 3 | access) & 7, granted = mode;
    auto in_group = [&](u32 group) { return who.effective_gid == group || std::ranges::contains(std::span(who.groups, who.group_count), group); };
    if (who.effective_uid == uid || who.effective_uid == creator_uid) granted >>= 6;
    else if (in_group(gid) || in_group(creator_gid)) granted >>= 3;
    return !(wanted & ~granted) || who.may(Capability::ipc_owner);
}

}  // namespace spore::linux::ipc
