// GRUB, which reads kernel and bundle with the firmware's help and enters the kernel by Multiboot2 [GNU GRUB manual 2.06]. For x86-64; on arm64 the
// kernel is a program of UEFI's itself.
#pragma once

#include "host/package/package.hpp"

namespace spore::host {

/// What reads the loader: a BIOS from a disk or from a CD, or UEFI.
enum class LoaderKind : u8 { bios_disk, bios_cd, efi };
/// What it reads kernel and bundle from: the second partition of the disk that it lies on, or an ISO 9660 file system.
enum class LoadedFrom : u8 { partition, cd };

/// Where both find kernel and bundle.
inline constexpr std::string_view loader_folder = "spore", kernel_file = "kernel", bundle_file = "bundle";

/// What makes a loader.
inline constexpr std::initializer_list<Tool> loader_tools = {
    {"grub-mkimage", "grub-common"}, {"/usr/lib/grub/i386-pc/multiboot2.mod", "grub-pc-bin"}, {"/usr/lib/grub/x86_64-efi/multiboot2.mod", "grub-efi-amd64-bin"}};

/// Makes the loader's image, all that it needs within.
Outcome<void> make_loader(LoaderKind kind, LoadedFrom from, const Package& package, const fs::path& output);

/// The boot sector of a disk whose loader begins at `first_sector`: GRUB's, up to where the partition table begins. And the loader, which is told there
/// where its second sector lies.
struct BiosBoot {
    std::string boot_sector, loader;
};
Outcome<BiosBoot> place_loader(const fs::path& loader, u64 first_sector);

}  // namespace spore::host
