// virtio-rng [virtio 1.2 5.4]: random bytes from the host for the kernel's generator.
#pragma once

#include "kernel/drivers/virtio/device.hpp"

namespace spore::drivers {

Result<void> attach_virtio_entropy(Owned<virtio::Device> device);

}  // namespace spore::drivers
