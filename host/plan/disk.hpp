// Disks that are volumes, as far as the tool looks into them: which file system it is.
#pragma once

#include <array>

#include "host/common/failure.hpp"
#include "host/common/files.hpp"

namespace spore::host {

/// The UUID of the ext4 file system on a disk's image or device. The failure says what to do.
Outcome<std::array<u8, 16>> read_disk_uuid(const fs::path& disk);

}  // namespace spore::host
