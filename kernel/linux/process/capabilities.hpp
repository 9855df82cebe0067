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

/// SECBIT_*: rules for root that do not apply, and `keep`: capabilities outlive the change from root to other users.
enum class SecureBit : u8 { no_root = 1 << 0, no_change_with_user = 1 << 2, keep = 1 << 4, no_raised_ambient = 1 << 6 };

struct Capabilities {
    CapabilitySet effective = 0, permitted = 0, inheritable = 0, ambient = 0, bounding = every_capability;
    u8 secure = 0;  ///< what of SecureBit applies, and in the next higher bit of each whether that is for ever

    bool applies(SecureBit one) const { return secure & static_cast<u8>(one); }
    /// PR_SET_SECUREBITS and PR_SET_KEEPCAPS. False when they may not be so: then nothing has changed.
    bool set_secure(u64 bits);

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
