// A file of the host's as a disk.
#pragma once

namespace spore::arch {

/// Adds the file to the kernel's disks. Nothing for a descriptor below 0.
void open_disk(int descriptor);

}  // namespace spore::arch
