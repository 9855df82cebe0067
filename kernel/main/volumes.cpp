#include "kernel/main/volumes.hpp"

#include <algorithm>
#include <cstring>

#include "base/format.hpp"
#include "kernel/device/block.hpp"
#include "kernel/fs/ext4/file_system.hpp"
#include "kernel/fs/vfs.hpp"
#include "kernel/main/stop.hpp"

namespace spore::main {
namespace {

bool is_named(const fs::ext4::Identity& identity, const abi::VolumeRecord& record) {
    if (record.naming == u8(abi::VolumeName::uuid)) return std::ranges::equal(identity.uuid, record.name);
    return std::memcmp(identity.label, record.name, sizeof record.name) == 0;
}

device::BlockDevice* find_disk(const abi::VolumeRecord& record) {
    for (std::size_t index = 0; auto* disk = device::disk(index); ++index) {
        auto identity = fs::ext4::identify(*disk);
        if (identity && is_named(*identity, record)) return disk;
    }
    return nullptr;
}

[[noreturn]] void stop_without(std::string_view path, std::string_view why) {
    char message[400];
    stop(abi::StartFailure::bad_root, format_to(message, "the volume of {} {}", path, why));
}

Result<void> mount_volume(fs::Dentry& root, const wire::Manifest::Volume& volume) {
    auto* disk = find_disk(volume.record);
    if (!disk) stop_without(volume.path, "is on none of this machine's disks: attach the one that it is on");
    bool read_only = volume.record.read_only;
    if (disk->read_only() && !read_only) stop_without(volume.path, "is on a disk that cannot be written: give it as -v ...:disk:ro");
    auto mounted = fs::ext4::Ext4FileSystem::mount(*disk, read_only);
    if (!mounted && mounted.error() == Error::read_only)
        stop_without(volume.path, "was not left in order by who wrote it last, and this machine may only read it: mount it once without :ro, or mend it with e2fsck -p");
    if (!mounted && mounted.error() == Error::not_supported) stop_without(volume.path, "has a form that is not known: make it with mke2fs -t ext4 -b 4096");
    if (!mounted && mounted.error() != Error::no_memory) stop_without(volume.path, "is damaged: mend it with e2fsck");
    if (mounted && !read_only && (*mounted)->read_only())
        stop_without(volume.path, "can only be read, for errors that were found in it or features that it has: mend it with e2fsck, or make it with mke2fs -t ext4 -b 4096");
    if (mounted) TRY((*mounted)->start_writing());
    auto at = TRY(fs::resolve({.root = root, .directory = root}, root, volume.path, fs::Follow::yes));
    return fs::mount(*at, TRY(std::move(mounted)), read_only);
}

}  // namespace

Result<void> mount_volumes(const wire::Manifest& manifest, fs::Dentry& root) {
    Result<void> outcome;
    manifest.for_each_volume([&](const wire::Manifest::Volume& volume) {
        if (outcome) outcome = mount_volume(root, volume);
    });
    return outcome;
}

}  // namespace spore::main
