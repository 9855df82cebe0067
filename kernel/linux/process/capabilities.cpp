#include "kernel/linux/process/capabilities.hpp"

namespace spore::linux {

namespace {
constexpr CapabilitySet set_of(auto... capabilities) { return (... | (CapabilitySet{1} << capabilities)); }
/// Those on files, which go with fsuid: CHOWN, DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER, FSETID, LINUX_IMMUTABLE, MKNOD, MAC_OVERRIDE.
constexpr CapabilitySet on_files = set_of(0, 1, 2, 3, 4, 9, 27, 32);
}  // namespace

void Capabilities::follow(const UserIds& before, const UserIds& after) {
    if (applies(SecureBit::no_change_with_user)) return;
    if (before.any_root() && !after.any_root()) {
        if (!applies(SecureBit::keep)) permitted = effective = 0;
        ambient = 0;
    }
    if (before.effective == 0 && after.effective != 0) effective = 0;
    if (before.effective != 0 && after.effective == 0) effective = permitted;
    if (before.effective != after.effective) return;  // fsuid followed it
    if (before.file == 0 && after.file != 0) effective &= ~on_files;
    if (before.file != 0 && after.file == 0) effective |= permitted & on_files;
}

void Capabilities::follow_exec(u32 real, u32 effective_user) {
    bool privileged = !applies(SecureBit::no_root), root = privileged && (real == 0 || effective_user == 0);
    permitted = root ? inheritable | bounding : ambient;
    effective = privileged && effective_user == 0 ? permitted : root ? 0 : ambient;
    secure &= static_cast<u8>(~static_cast<u8>(SecureBit::keep));
}

bool Capabilities::change(CapabilitySet new_effective, CapabilitySet new_permitted, CapabilitySet new_inheritable) {
    auto within = [](CapabilitySet set, CapabilitySet limit) { return !(set & ~limit); };
    if (!has(Capability::set_capabilities) && !within(new_inheritable, inheritable | permitted)) return false;
    if (!within(new_inheritable, inheritable | bounding) || !within(new_permitted, permitted) || !within(new_effective, new_permitted)) return false;
    effective = new_effective, permitted = new_permitted, inheritable = new_inheritable;
    ambient &= permitted & inheritable;
    return true;
}

bool Capabilities::set_secure(u64 bits) {
    constexpr u8 locks = 0xaa;
    if (bits > 0xff || ((secure & locks) >> 1 & (secure ^ bits)) || (secure & locks & ~bits)) return false;
    secure = static_cast<u8>(bits);
    return true;
}

bool Capabilities::raise_ambient(unsigned one) {
    if (applies(SecureBit::no_raised_ambient) || !(permitted & inheritable & CapabilitySet{1} << one)) return false;
    ambient |= CapabilitySet{1} << one;
    return true;
}

}  // namespace spore::linux
