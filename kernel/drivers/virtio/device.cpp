#include "kernel/drivers/virtio/device.hpp"

#include "kernel/core/log.hpp"

namespace spore::drivers::virtio {

using namespace wire::virtio;

Result<u64> Device::negotiate(u64 wanted) {
    set_status(0);
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
