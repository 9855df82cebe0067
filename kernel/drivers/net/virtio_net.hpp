// virtio-net [virtio 1.2 5.1].
#pragma once

#include "kernel/drivers/virtio/device.hpp"

namespace spore::drivers {

Result<void> attach_virtio_net(Owned<virtio::Device> device);

}  // namespace spore::drivers
