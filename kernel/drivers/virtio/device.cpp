#include "kernel/drivers/virtio/device.hpp"

#include "arch/cpu.hpp"
#include "kernel/core/log.hpp"

namespace spore::drivers::virtio {

using namespace wire::virtio;

namespace {
constexpr int reset_patience = 1'000'000;
}

void Device::reset() {
    set_status(0);
    // It is over when the device says so [2.4.2]; a broken one may never do that.
    for (int spin = 0; spin < reset_patience && status(); ++spin) arch::relax();
}

Result<u64> Device::negotiate(u64 wanted) {
    reset();
    set_status(acknowledge);
    set_status(acknowledge | driver);
    u64 offered = offered_features();
    if (legacy()) {
        u64 accepted = wanted & offered & 0xffff'ffff;
        accept_features(accepted);
        return accepted;
    }
    if (!(offered & feature_version_1)) return fail(Error::not_supported);
    u64 accepted = (wanted | feature_version_1 | feature_ring_packed) & offered;
    packed_rings_ = accepted & feature_ring_packed;
    core::debug("virtio device {}: features {:x}", static_cast<u32>(id()), accepted);
    accept_features(accepted);
    set_status(acknowledge | driver | features_ok);
    if (!(status() & features_ok)) {
        set_status(failed);
        return fail(Error::io);
    }
    return accepted;
}

}  // namespace spore::drivers::virtio
