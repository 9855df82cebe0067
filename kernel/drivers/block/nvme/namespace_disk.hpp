// A namespace as a disk.
#pragma once

#include "kernel/drivers/block/disk.hpp"
#include "kernel/drivers/block/nvme/controller.hpp"

namespace spore::drivers::nvme {

inline constexpr u32 sector_shift = 9;
static_assert(1u << sector_shift == device::sector_size);

class NamespaceDisk final : public Disk {
public:
    /// With blocks of 2^block_shift bytes, from a sector's to a page's size.
    NamespaceDisk(Controller& controller, u32 id, u32 block_shift, u64 blocks, bool read_only);

private:
    Result<void> carry_out(Operation operation, u64 first, Pieces pieces, u32 bytes) override;

    Controller& controller_;
    u32 id_, block_shift_;
};

}  // namespace spore::drivers::nvme
