// virtio-scsi [virtio 1.2 5.6]: an adapter with SCSI disks, as Google Cloud, Proxmox and OpenStack have it.
#pragma once

#include "kernel/drivers/virtio/device.hpp"

namespace spore::drivers {

/// Looks for its disks at once, so for machines whose disks are wanted.
Result<void> attach_virtio_scsi(Owned<virtio::Device> device);

}  // namespace spore::drivers
