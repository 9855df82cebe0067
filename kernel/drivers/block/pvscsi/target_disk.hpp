// A target's first unit as a disk.
#pragma once

#include <bit>

#include "kernel/drivers/block/disk.hpp"
#include "kernel/drivers/block/pvscsi/adapter.hpp"

namespace spore::drivers::pvscsi {

class TargetDisk final : public Disk {
public:
    TargetDisk(Adapter& adapter, u8 target, u32 block_shift, u64 blocks, bool read_only) : adapter_(adapter), block_shift_(block_shift), target_(target) {
        set_shape({.sectors = blocks << sector_shift(), .block_size = 1u << block_shift, .read_only = read_only});
    }

private:
    u32 sector_shift() const { return block_shift_ - static_cast<u32>(std::countr_zero(device::sector_size)); }
    Result<void> carry_out(Operation operation, u64 first, Pieces pieces, u32 bytes) override {
        if (operation == Operation::flush) return adapter_.run(target_, wire::scsi::synchronize(), {}, 0, Adapter::Direction::to_device);
        bool read = operation == Operation::read;
        auto command = wire::scsi::transfer(read ? wire::scsi::Operation::read : wire::scsi::Operation::write, first >> sector_shift(), bytes >> block_shift_);
        return adapter_.run(target_, command, pieces, bytes, read ? Adapter::Direction::to_host : Adapter::Direction::to_device);
    }

    Adapter& adapter_;
    u32 block_shift_;
    u8 target_;
};

}  // namespace spore::drivers::pvscsi
