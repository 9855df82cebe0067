// Gives the host the memory that the guest does not use any more [virtio 1.2 5.5, free page reporting 5.5.6.5]. The guest asks for it by touching it, and
// need not say so. The balloon itself, by which the host would ask for memory that is in use, stays empty.
#pragma once

#include "kernel/drivers/virtio/device.hpp"

namespace spore::drivers {

Result<void> attach_virtio_balloon(Owned<virtio::Device> device);

}  // namespace spore::drivers
