// The bundle: what the kernel is given to run, as one file that every boot protocol can hand over (initrd, module).
//
//   | BundleHeader, padded to 4096 | manifest, padded to 4096 | EROFS root image, padded to 4096 |
//
// All numbers are little-endian. The root part may be empty: then the manifest says which disk holds the root.
// Written by host/image, read by kernel/main; wire/bundle checks it.
#pragma once

#include "base/bytes.hpp"

namespace spore::abi {

inline constexpr u64 bundle_magic = 0x4c44'4e42'4552'5053;  // "SPREBNDL"
inline constexpr u32 bundle_version = 1;

struct BundleHeader {
    le64 magic;
    le32 version;
    le32 reserved;
    le64 manifest_offset;  ///< from the start of the bundle; a multiple of 4096
    le64 manifest_size;    ///< bytes, without padding
    le64 root_offset;      ///< a multiple of 4096, so that the kernel can map file pages in place
    le64 root_size;        ///< bytes; 0 when the root is on a disk
};
static_assert(sizeof(BundleHeader) == 48 && alignof(BundleHeader) == 1);

/// Where the root's image begins on a disk: with the disk, or, where it shares the disk with what starts the kernel, here (the first partition behind
/// a boot loader, as partitioning tools place it). In bytes.
inline constexpr u64 root_places[] = {0, 1_MiB};

}  // namespace spore::abi
