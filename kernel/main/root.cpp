#include "kernel/main/root.hpp"

#include "kernel/core/parts.hpp"
#include "kernel/fs/devices/devices.hpp"
#include "kernel/fs/erofs/disk_image.hpp"
#include "kernel/fs/erofs/file_system.hpp"
#include "kernel/fs/ext4/file_system.hpp"
#include "kernel/fs/tmpfs/file_system.hpp"
#include "kernel/fs/vfs.hpp"
#include "kernel/main/files.hpp"
#include "kernel/main/shares.hpp"
#include "kernel/main/stop.hpp"
#include "kernel/main/volumes.hpp"

namespace spore::main {
namespace {

struct Directory {
    const char* path;
    u16 permissions;
};
/// What programs expect in every root, made where the image lacks it.
constexpr Directory directories[] = {
    {"/dev", 0755}, {"/proc", 0555}, {"/sys", 0555}, {"/tmp", 01777}, {"/run", 0755}, {"/etc", 0755}, {"/var", 0755}, {"/var/tmp", 01777},
};

Result<void> ensure_directory(fs::Dentry& root, const char* path, u16 permissions) {
    auto made = fs::make_directory({.root = root, .directory = root, .umask = 0}, root, path, permissions);
    if (!made && made.error() != Error::exists) return fail(made.error());
    return {};
}

/// A program may have written to a volume whatever it likes, an image at the right place, too.
bool is_volume(device::BlockDevice& disk) {
    if constexpr (core::has(core::Part::volumes)) return fs::ext4::identify(disk).has_value();
    return false;
}

/// The first disk with an EROFS image on it.
Result<Shared<fs::erofs::ErofsFileSystem>> open_disk() {
    for (std::size_t index = 0; auto* disk = device::disk(index); ++index) {
        if (is_volume(*disk)) continue;
        for (u64 start : abi::root_places) {
            if (disk->sectors() * device::sector_size <= start) continue;
            auto opened = fs::erofs::ErofsFileSystem::create(TRY(make_owned<fs::erofs::DiskImage>(*disk, start)));
            if (opened || opened.error() == Error::no_memory) return opened;
        }
    }
    return fail(Error::not_found);
}

Result<Shared<fs::erofs::ErofsFileSystem>> open_lower(const OpenBundle& bundle) {
    using fs::erofs::MemoryImage;
    if constexpr (core::has(core::Part::disk))
        if (bundle.manifest.root_source() == abi::RootSource::disk) return open_disk();
    return fs::erofs::ErofsFileSystem::create(TRY(make_owned<MemoryImage>(bundle.root_bytes, MemoryImage::Frames::usable)));
}

Result<void> mount_tmpfs(const wire::Manifest& manifest, fs::Dentry& root) {
    Result<void> outcome;
    manifest.for_each_tmpfs([&](const wire::Manifest::Tmpfs& wanted) {
        if (!outcome) return;
        outcome = [&]() -> Result<void> {
            auto at = TRY(fs::resolve({.root = root, .directory = root}, root, wanted.path, fs::Follow::yes));
            return fs::mount(*at, TRY(fs::tmpfs::TmpFileSystem::create(wanted.record.size, wanted.record.mode)), false);
        }();
    });
    return outcome;
}

Result<Shared<fs::Dentry>> try_mount(const OpenBundle& bundle) {
    auto lower = TRY(open_lower(bundle));
    auto root = TRY(fs::make_tree(TRY(fs::tmpfs::TmpFileSystem::create_over(lower))));
    for (auto& directory : directories) TRY(ensure_directory(*root, directory.path, directory.permissions));
    TRY(make_files(bundle.manifest, *root));
    TRY(fs::mount_standard(*root));
    TRY(mount_tmpfs(bundle.manifest, *root));
    if constexpr (core::has(core::Part::shares)) TRY(mount_shares(bundle.manifest, *root));
    if constexpr (core::has(core::Part::volumes)) TRY(mount_volumes(bundle.manifest, *root));
    Result<void> protect;
    bundle.manifest.for_each_read_only([&](std::string_view path) {
        if (!protect) return;
        auto at = fs::resolve({.root = *root, .directory = *root}, *root, path, fs::Follow::yes);
        if (at) protect = fs::make_read_only(**at);
        else if (at.error() != Error::not_found) protect = fail(at.error());  // a link that leads nowhere
    });
    TRY(protect);
    return root;
}

}  // namespace

bool wants_disks(const wire::Manifest& manifest) {
    bool wanted = core::has(core::Part::disk) && manifest.root_source() == abi::RootSource::disk;
    if constexpr (core::has(core::Part::volumes)) manifest.for_each_volume([&](const auto&) { wanted = true; });
    return wanted;
}

Shared<fs::Dentry> mount_root(const OpenBundle& bundle) {
    auto root = try_mount(bundle);
    if (root) return *root;
    if (root.error() == Error::no_memory) stop(abi::StartFailure::no_memory, "too little memory to mount the root: give the VM more with -m");
    if (root.error() == Error::not_found) stop(abi::StartFailure::bad_root, "no disk holds a root image: attach it as the first disk");
    stop(abi::StartFailure::bad_root, "the root image is damaged: build it again");
}

}  // namespace spore::main
