// What all objects of System V have that are found by a key: shared memory, semaphores, message queues [svipc(7)].
#pragma once

#include "kernel/linux/process/credentials.hpp"

namespace spore::linux::ipc {

constexpr i32 private_key = 0;
/// Access that is asked for, beside each other's: bits as in a file's mode.
constexpr u32 may_read = 0444, may_write = 0222;
constexpr u32 create_flag = 01000, exclusive_flag = 02000, no_wait_flag = 04000;  // IPC_CREAT, IPC_EXCL, IPC_NOWAIT

struct Object {
    i32 id = 0, key = private_key;
    u32 mode = 0;
    u32 uid = 0, gid = 0, creator_uid = 0, creator_gid = 0;
    i64 changed = 0;  ///< seconds
    bool removed = false;

    void set_maker(const Credentials& who);
    void change_owner(u32 new_uid, u32 new_gid, u32 new_mode);
    bool is_owned_by(const Credentials& who) const;
    bool allows(const Credentials& who, u32 access) const;
};

/// What is looked for.
struct Wanted {
    i32 key;
    u32 mode;
    bool create, exclusive;
    Wanted(i32 key_, u32 flags) : key(key_), mode(flags & 0777), create(key_ == private_key || (flags & create_flag)), exclusive((flags & exclusive_flag) != 0) {}
};

/// Seconds since 1970.
i64 now();

}  // namespace spore::linux::ipc
