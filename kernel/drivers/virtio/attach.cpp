// Which driver takes which virtio device.
#include "kernel/core/log.hpp"
#include "kernel/core/parts.hpp"
#include "kernel/drivers/block/virtio_block.hpp"
#include "kernel/drivers/block/virtio_scsi.hpp"
#include "kernel/drivers/console/virtio_console.hpp"
#include "kernel/drivers/entropy/virtio_entropy.hpp"
#include "kernel/drivers/memory/virtio_balloon.hpp"
#include "kernel/drivers/net/virtio_net.hpp"
#include "kernel/drivers/share/virtio_9p.hpp"
#include "kernel/drivers/virtio/device.hpp"

namespace spore::drivers::virtio {

namespace {

/// Gives the device to a driver that a tailored kernel may lack.
template <core::Part part, auto driver>
Result<void> attach_if_there(Owned<Device> device) {
    if constexpr (core::has(part)) return driver(std::move(device));
    core::warn("this kernel was tailored without {}: a device stays unused", core::text_of(part));
    return {};
}

}  // namespace

Result<void> attach(Owned<Device> device) {
    using core::Part;
    using wire::virtio::DeviceId;
    switch (device->id()) {
    case DeviceId::console: return attach_virtio_console(std::move(device));
    case DeviceId::block: return attach_if_there<Part::virtio_disk, attach_virtio_block>(std::move(device));
    case DeviceId::entropy: return attach_virtio_entropy(std::move(device));
    case DeviceId::net: return attach_if_there<Part::network_card, attach_virtio_net>(std::move(device));
    case DeviceId::balloon: return attach_if_there<Part::balloon, attach_virtio_balloon>(std::move(device));
    case DeviceId::scsi: return attach_if_there<Part::virtio_scsi, attach_virtio_scsi>(std::move(device));
    case DeviceId::ninep: return attach_if_there<Part::shares, attach_virtio_9p>(std::move(device));
    default: core::info("no driver for virtio device {}", static_cast<u32>(device->id())); return {};
    }
}

}  // namespace spore::drivers::virtio
