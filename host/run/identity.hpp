// Whom QEMU runs as. It is the guest's only neighbour on this machine, so it should own as little as possible.
#pragma once

#include "host/common/process.hpp"
#include "host/plan/plan.hpp"

namespace spore::host {

/// When the tool runs as root: nobody, with /dev/kvm's group where it is used, or the owner of the folders that are shared. Nothing, for "as we are", when we are
/// not root, or when QEMU needs what nobody else may have: folders of root's or of several owners, a file that only root can read (`inherited` are those it opens again), a socket that it makes itself, a
/// network that is not for everybody, or whatever the program in $SPORE_QEMU wants.
std::optional<Identity> qemu_identity(const Plan& plan, Accelerator accelerator, std::span<const int> inherited);

}  // namespace spore::host
