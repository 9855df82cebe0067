#include "host/run/identity.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace spore::host {

namespace {

/// A TAP interface is its owner's, ports below 1024 are root's where it is QEMU that opens them, and a capture is written where the user said.
bool network_needs_us(const Network& network) {
    constexpr unsigned first_free_port = 1024;
    return network.choice.kind == NetworkKind::tap || network.choice.kind == NetworkKind::bridge || !network.capture.empty() ||
           (network.choice.kind == NetworkKind::user && std::ranges::any_of(network.ports, [](const PortForward& port) { return port.host_port < first_free_port; }));
}

}  // namespace

std::optional<Identity> qemu_identity(const Plan& plan, Accelerator accelerator, std::span<const int> inherited) {
    const char* own_qemu = std::getenv("SPORE_QEMU");
    if (::geteuid() != 0 || (own_qemu && *own_qemu) || !plan.debugger.empty() || network_needs_us(plan.network)) return std::nullopt;
    auto readable_by_all = [](int descriptor) {
        struct stat status{};
        return ::fstat(descriptor, &status) == 0 && (status.st_mode & S_IROTH);
    };
    if (!std::ranges::all_of(inherited, readable_by_all)) return std::nullopt;
    // What is shared is used as its owner would.
    std::optional<Identity> owner;
    for (const auto& volume : plan.volumes) {
        struct stat folder{};
        if (volume.kind != VolumeKind::shared) continue;
        if (::stat(volume.host.c_str(), &folder) != 0 || folder.st_uid == 0) return std::nullopt;
        if (owner && (owner->user != folder.st_uid || owner->group != folder.st_gid)) return std::nullopt;
        owner = Identity{.user = folder.st_uid, .group = folder.st_gid, .extra_group = folder.st_gid};
    }
    // By number: the tool is linked statically, and looking up a name would load libraries.
    constexpr unsigned nobody = 65534;
    struct stat kvm{};
    bool uses_kvm = accelerator == Accelerator::kvm && ::stat("/dev/kvm", &kvm) == 0;
    // Without udev, /dev/kvm is root's alone.
    constexpr mode_t for_group = S_IRGRP | S_IWGRP;
    if (uses_kvm && (kvm.st_mode & for_group) != for_group) return std::nullopt;
    auto identity = owner.value_or(Identity{.user = nobody, .group = nobody, .extra_group = nobody});
    if (uses_kvm) identity.extra_group = kvm.st_gid;
    return identity;
}

}  // namespace spore::host
