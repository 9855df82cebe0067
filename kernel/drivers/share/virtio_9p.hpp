// A folder of the host behind virtio [virtio 1.2 5.16; the configuration as linux/virtio_9p.h has it].
#pragma once

#include "kernel/drivers/virtio/device.hpp"

namespace spore::drivers {

Result<void> attach_virtio_9p(Owned<virtio::Device> device);

}  // namespace spore::drivers
