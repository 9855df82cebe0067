#include "host/plan/disk.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "wire/ext4/superblock.hpp"

namespace spore::host {

Outcome<std::array<u8, 16>> read_disk_uuid(const fs::path& disk) {
    FileDescriptor file(::open(disk.c_str(), O_RDONLY | O_CLOEXEC));
    off_t size = file ? ::lseek(file.number(), 0, SEEK_END) : -1;
    if (size < 0) return failure(ExitStatus::bad_root, "cannot read {}: {}", disk.string(), error_text());
    wire::ext4::RawSuperblock raw{};
    // What is shorter holds none.
    if (::pread(file.number(), &raw, sizeof raw, wire::ext4::superblock_offset) < 0) return failure(ExitStatus::bad_root, "cannot read {}: {}", disk.string(), error_text());
    auto super = wire::ext4::parse_superblock(bytes_of(raw), static_cast<u64>(size));
    if (!super && super.error() == Error::not_supported)
        return failure(ExitStatus::bad_root, "{} holds an ext4 file system with features that Spore does not know: make it with 'mke2fs -t ext4 -b 4096', or look at it with dumpe2fs -h",
                       disk.string());
    if (!super && super.error() != Error::not_found) return failure(ExitStatus::bad_root, "the file system in {} is damaged: mend it with 'e2fsck -f {}'", disk.string(), disk.string());
    if (!super) return failure(ExitStatus::bad_root, "{} holds no ext4 file system: make one with 'mke2fs -t ext4 -b 4096 {}'", disk.string(), disk.string());
    std::array<u8, 16> uuid;
    std::ranges::copy(raw.uuid, uuid.begin());
    return uuid;
}

}  // namespace spore::host
