// virtio-console [virtio 1.2 5.3], its first port, as a byte stream.
#pragma once

#include "kernel/drivers/virtio/device.hpp"

namespace spore::drivers {

Result<void> attach_virtio_console(Owned<virtio::Device> device);

}  // namespace spore::drivers
