// What root may do, in parts that can be given up one by one [capabilities(7)]. Files here carry none.
#pragma once

#include "base/types.hpp"

namespace spore::linux {

/// CAP_*: those that something asks for.
enum class Capability : u8 {
    kill = 5, set_gid = 6, set_uid = 7, set_capabilities = 8, bind_service = 10, net_admin = 12, net_raw = 13, lock_memory = 14, ipc_owner = 15, chroot = 18, trace = 19, admin = 21,
    boot = 22, nice = 23, resource = 24, time = 25, terminal = 26,
};

/// A set of them: bit n is capability n.
using CapabilitySet = u64;
inline constexpr unsigned capability_count = 41;
inline constexpr CapabilitySet every_capability = (CapabilitySet{1} << capability_count) - 1;

struct Capabilities {
    CapabilitySet effective = 0, permitted = 0, inheritable = 0, ambient = 0, bounding = every_capability;
    bool kept = false;  ///< PR_SET_KEEPCAPS: they outlive the change from root to other users

    static constexpr Capabilities all() { return {.effective = every_capability, .permitted = every_capability}; }
    bool has(Capability one) const { return effective >> static_cast<unsigned>(one) & 1; }

    /// What is left after the user's ids have changed.
    struct UserIds {
        u32 real, effective, saved, file;
        bool any_root() const { return real == 0 || effective == 0 || saved == 0; }
    };
    void follow(const UserIds& before, const UserIds& after);
    /// What a program has that is executed by this user.
    void follow_exec(u32 real, u32 effective);
    /// capset(2). False when that may not be: then nothing has changed.
    bool change(CapabilitySet effective, CapabilitySet permitted, CapabilitySet inheritable);
    /// PR_CAP_AMBIENT_RAISE. False when it may not be.
    bool raise_ambient(unsigned one);
};

}  // namespace spore::linux
