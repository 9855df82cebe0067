// Whether this machine's KVM can be relied on.
#pragma once

#include "host/plan/plan.hpp"

namespace spore::host {

struct KvmState {
    bool usable;
    std::string reason;  ///< why not
};
/// Asks the device itself, down to creating a virtual CPU, and the processor whether it virtualises in hardware at all. `gic` is the
/// interrupt controller that arm64 guests are to have: most hosts can show them one version alone.
KvmState probe_kvm(std::optional<Gic> gic = {});

/// `automatic` becomes kvm where it can be relied on for such a guest, and tcg elsewhere; asking for kvm where there is none is a failure.
Outcome<Accelerator> choose_accelerator(Accelerator wanted, Architecture guest, std::optional<Gic> gic);

}  // namespace spore::host
