// virtio-blk [virtio 1.2 5.2].
#pragma once

#include "kernel/drivers/virtio/device.hpp"

namespace spore::drivers {

Result<void> attach_virtio_block(Owned<virtio::Device> device);

}  // namespace spore::drivers
