// The host keeps what it has read of the file, so a transfer is a copy, and is waited for.
#include "disk.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "../host/call.hpp"
#include "arch/mmu.hpp"
#include "base/owned.hpp"
#include "kernel/core/log.hpp"
#include "kernel/device/block.hpp"
#include "kernel/time/timer.hpp"

namespace spore::arch {
namespace {

using device::TransferPiece;

constexpr int keep_size = 1, punch_hole = 2;   // [linux/falloc.h]
constexpr long get_device_size = 0x8008'1272;  // BLKGETSIZE64 [linux/fs.h]

class FileDisk final : public device::BlockDevice {
public:
    bool open(int descriptor) {
        struct stat state{};
        i64 flags = host::call(SYS_fcntl, descriptor, F_GETFL);
        if (flags < 0 || host::call(SYS_fstat, descriptor, &state) < 0) return false;
        auto bytes = static_cast<u64>(state.st_size);
        if (S_ISBLK(state.st_mode) && host::call(SYS_ioctl, descriptor, get_device_size, &bytes) < 0) return false;
        descriptor_ = descriptor;
        sectors_ = bytes / device::sector_size;
        read_only_ = (flags & O_ACCMODE) == O_RDONLY;
        return true;
    }

    u64 sectors() const override { return sectors_; }
    bool read_only() const override { return read_only_; }
    Result<void> read(u64 first, std::span<const TransferPiece> pieces) override { return transfer(SYS_preadv, first, pieces); }
    Result<void> write(u64 first, std::span<const TransferPiece> pieces) override {
        if (read_only_) return fail(Error::read_only);
        return transfer(SYS_pwritev, first, pieces);
    }
    Result<void> flush() override {
        auto start = time::now();
        if (host::call(SYS_fdatasync, descriptor_) < 0) return fail(Error::io);
        flushes.count(0, time::now() - start);
        return {};
    }
    /// A hole in the file; devices that can be told are so by the same call.
    Result<void> discard(u64 first, u64 count) override {
        if (read_only_) return fail(Error::read_only);
        if (first > sectors_ || count > sectors_ - first) return fail(Error::out_of_range);
        i64 done = host::call(SYS_fallocate, descriptor_, punch_hole | keep_size, first * device::sector_size, count * device::sector_size);
        if (done < 0) return fail(done == -EOPNOTSUPP ? Error::not_supported : Error::io);
        return {};
    }
    /// The host's file systems have blocks of this size, mostly; whether theirs can do it is seen then.
    u32 discard_granularity() const override { return read_only_ ? 0 : page_size / device::sector_size; }

private:
    Result<void> transfer(long call, u64 first, std::span<const TransferPiece> pieces) {
        iovec parts[max_pieces]{};
        u64 size = 0;
        if (pieces.size() > max_pieces) return fail(Error::invalid);
        for (std::size_t i = 0; i < pieces.size(); ++i) {
            parts[i] = {direct(pieces[i].address), pieces[i].size};
            size += pieces[i].size;
        }
        if (first > sectors_ || size / device::sector_size > sectors_ - first) return fail(Error::out_of_range);
        auto start = time::now();
        i64 done = host::call(call, descriptor_, parts, pieces.size(), first * device::sector_size, 0);
        if (done < 0 || static_cast<u64>(done) != size) return fail(Error::io);
        (call == SYS_preadv ? reads : writes).count(size / device::sector_size, time::now() - start);
        return {};
    }

    int descriptor_ = -1;
    u64 sectors_ = 0;
    bool read_only_ = true;
};

void open_disk(int descriptor) {
    auto disk = make_owned<FileDisk>();
    if (!disk) return core::warn("no memory for a disk");
    if ((*disk)->open(descriptor)) device::add_disk(*disk->release());  // lives as long as the machine
    else core::warn("the disk's file (descriptor {}) cannot be used", descriptor);
}

}  // namespace

void open_disks(const Settings& settings) {
    if (settings.disk >= 0) open_disk(settings.disk);
    for (u32 i = 0; i < settings.volume_count; ++i) open_disk(settings.volumes[i]);
}

}  // namespace spore::arch
