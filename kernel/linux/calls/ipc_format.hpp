// How programs see the owner and the mode of an object that is found by a key [linux/ipc.h].
#pragma once

#include "kernel/linux/ipc/object.hpp"

namespace spore::linux::calls {

/// The commands that semctl, msgctl and shmctl share.
enum IpcCommand : i32 { ipc_remove = 0, ipc_set = 1, ipc_tell = 2, ipc_limits = 3 };

/// struct ipc64_perm
struct UserPermission {
    i32 key = 0;
    u32 uid = 0, gid = 0, creator_uid = 0, creator_gid = 0, mode = 0;
    u16 sequence = 0, padding[3] = {};
    u64 unused[2] = {};

    UserPermission() = default;
    explicit UserPermission(const ipc::Object& from)
        : key(from.removed ? ipc::private_key : from.key), uid(from.uid), gid(from.gid), creator_uid(from.creator_uid), creator_gid(from.creator_gid), mode(from.mode) {}
};
static_assert(sizeof(UserPermission) == 48);

}  // namespace spore::linux::calls
