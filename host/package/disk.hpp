// A disk that BIOS and UEFI boot: a GUID partition table, in the first partition GRUB for a BIOS, in the second, a FAT file system, kernel, bundle and
// what UEFI starts; a root that is to stay on the disk in the third.
#pragma once

#include "host/package/package.hpp"

namespace spore::host {

/// What the disk's size is to be a multiple of.
Outcome<void> make_disk(const Package& package, const fs::path& output, u64 size_unit = 1_MiB);
/// The same disk in another format of qemu-img's.
Outcome<void> make_disk_as(const Package& package, const std::vector<std::string>& format, const fs::path& output);
/// A compact CD image (ISO 9660, El Torito) for BIOS and UEFI.
Outcome<void> make_cd(const Package& package, const fs::path& output);

}  // namespace spore::host
