// What all drivers of disks do alike: checks, cutting large transfers, and counting.
#pragma once

#include "kernel/device/block.hpp"

namespace spore::drivers {

class Disk : public device::BlockDevice {
public:
    using Pieces = std::span<const device::TransferPiece>;

    u64 sectors() const final { return shape_.sectors; }
    bool read_only() const final { return shape_.read_only; }
    Result<void> read(u64 first, Pieces pieces) final { return transfer(Operation::read, first, pieces); }
    Result<void> write(u64 first, Pieces pieces) final { return transfer(Operation::write, first, pieces); }
    Result<void> flush() final { return transfer(Operation::flush, 0, {}); }
    Result<void> discard(u64 first, u64 count) final;
    u32 discard_granularity() const final { return shape_.most_discarded ? shape_.discard_granularity : 0; }

protected:
    enum class Operation : u8 { read, write, flush, discard };
    struct Shape {
        u64 sectors = 0;                   ///< of device::sector_size each
        u32 block_size = device::sector_size;
        u32 most_bytes = 1_MiB;            ///< in one request; a multiple of the blocks' size
        u32 most_discarded = 0;            ///< sectors, in one request; 0: it is told of none
        u32 discard_granularity = 0;       ///< sectors that it lets go of together; set_shape() makes it a block at least
        bool read_only = false;
        bool joins_at_pages = false;       ///< pieces of one request meet at pages' boundaries only
    };
    void set_shape(const Shape& shape);

    /// One request within the shape's limits, of at most max_pieces pieces; sleeps until it is done. `bytes` are those of the pieces; without them, when
    /// sectors are discarded, how many these have.
    virtual Result<void> carry_out(Operation operation, u64 first, Pieces pieces, u32 bytes) = 0;

private:
    Result<void> transfer(Operation operation, u64 first, Pieces pieces);
    Result<void> carry_out_parts(Operation operation, u64 first, Pieces pieces);

    Shape shape_;
};

}  // namespace spore::drivers
