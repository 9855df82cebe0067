#include "host/plan/disk.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "wire/ext4/superblock.hpp"

namespace spore::host {

using namespace wire::ext4;

namespace {

/// What a superblock's size of blocks stands for; what is damaged may have any.
constexpr u32 block_bytes(const RawSuperblock& raw) { return raw.log_block_size <= 6 ? 1024u << raw.log_block_size : 0; }

Outcome<RawSuperblock> read_superblock(const FileDescriptor& file, const fs::path& disk, u64 offset) {
    RawSuperblock raw{};
    // What is shorter holds none.
    if (::pread(file.number(), &raw, sizeof raw, static_cast<off_t>(offset)) < 0) return failure(ExitStatus::bad_root, "cannot read {}: {}", disk.string(), error_text());
    return raw;
}

/// The command that mends the volume by the first copy of its superblock, if that is sound: it lies where the second group begins, behind the superblock's own block.
std::optional<std::string> mending_by_copy(const FileDescriptor& file, const fs::path& disk) {
    for (u32 bytes : {4096u, 1024u, 2048u}) {
        u64 block = bytes * 8 + (bytes == 1024 ? 1 : 0);
        auto copy = read_superblock(file, disk, block * bytes);
        if (!copy || copy->magic != superblock_magic || copy->own_group != 1 || block_bytes(*copy) != bytes || copy->blocks_per_group != bytes * 8) continue;
        if (copy->read_only_compatible & read_only_compatible::checksums && copy->checksum != superblock_checksum(*copy)) continue;
        return fmt::format("e2fsck -f -b {} -B {} {}", block, bytes, disk.string());
    }
    return {};
}

}  // namespace

Outcome<std::array<u8, 16>> read_disk_uuid(const fs::path& disk) {
    FileDescriptor file(::open(disk.c_str(), O_RDONLY | O_CLOEXEC));
    off_t size = file ? ::lseek(file.number(), 0, SEEK_END) : -1;
    if (size < 0) return failure(ExitStatus::bad_root, "cannot read {}: {}", disk.string(), error_text());
    auto raw = TRY(read_superblock(file, disk, superblock_offset));
    forgive_torn(raw, false);
    auto super = parse_superblock(bytes_of(raw), static_cast<u64>(size));
    auto name = disk.string();
    if (!super && super.error() == Error::not_supported && block_bytes(raw) != block_size)
        return failure(ExitStatus::bad_root, "the file system in {} has blocks of {} bytes, and Spore uses those of {}: make it anew with 'mke2fs -t ext4 -b {} {}', which empties it", name,
                       block_bytes(raw), block_size, block_size, name);
    if (!super && super.error() == Error::not_supported)
        return failure(ExitStatus::bad_root, "{} holds an ext4 file system with features that Spore does not know: make it with 'mke2fs -t ext4 -b 4096', or look at it with dumpe2fs -h",
                       name);
    if (!super && super.error() == Error::truncated)
        return failure(ExitStatus::bad_root, "{} is shorter than the file system in it: it is a part of a disk, take the whole of it", name);
    if (!super)
        if (auto command = mending_by_copy(file, disk))
            return failure(ExitStatus::bad_root, "the superblock of the file system in {} is {}, and a copy of it is not: mend it with '{}'", name,
                           super.error() == Error::not_found ? "gone" : "damaged", *command);
    if (!super && super.error() != Error::not_found) return failure(ExitStatus::bad_root, "the file system in {} is damaged: mend it with 'e2fsck -f {}'", name, name);
    if (!super) return failure(ExitStatus::bad_root, "{} holds no ext4 file system: make one with 'mke2fs -t ext4 -b 4096 {}'", name, name);
    std::array<u8, 16> uuid;
    std::ranges::copy(raw.uuid, uuid.begin());
    return uuid;
}

}  // namespace spore::host
