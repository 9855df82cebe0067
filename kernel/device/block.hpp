// A disk: numbered sectors of 512 bytes.
#pragma once

#include <atomic>
#include <span>

#include "base/result.hpp"
#include "base/time.hpp"
#include "base/types.hpp"
#include "kernel/core/trace.hpp"

namespace spore::device {

inline constexpr u32 sector_size = 512;

/// A piece of physical memory that a transfer fills or takes from; not empty, a multiple of sector_size, and aligned.
inline constexpr u32 piece_alignment = 4;
struct TransferPiece {
    PhysAddr address;
    u32 size;
};

class BlockDevice {
public:
    virtual ~BlockDevice() = default;
    virtual u64 sectors() const = 0;
    virtual bool read_only() const = 0;
    /// Transfer between the sectors from `first` on and the pieces. Sleep until done; several callers at once are served side by side.
    /// out_of_range beyond the end, io when the device fails, read_only; invalid where a disk has larger blocks than sectors and the transfer, or a
    /// piece that does not end at a page's boundary, cuts one.
    virtual Result<void> read(u64 first, std::span<const TransferPiece> pieces) = 0;
    virtual Result<void> write(u64 first, std::span<const TransferPiece> pieces) = 0;
    /// All that was written before is durable when this returns.
    virtual Result<void> flush() = 0;
    /// What these sectors hold matters no more, so that who keeps them needs no room for them. They may read as anything until they are written.
    /// not_supported where there is nobody to tell.
    virtual Result<void> discard(u64, u64) { return fail(Error::not_supported); }
    /// In sectors: of what is smaller or does not begin at a multiple of it, nothing may be let go. 0 where there is nobody to tell.
    virtual u32 discard_granularity() const { return 0; }
    /// At most so many pieces in one call.
    static constexpr std::size_t max_pieces = 16;

    /// What was done since the machine started, for those who tell of it.
    struct Counter {
        abi::TraceDisk work;
        std::atomic<u64> requests = 0, sectors = 0, nanoseconds = 0;
        void count(u64 more_sectors, Duration took) {
            requests.fetch_add(1, std::memory_order_relaxed);
            sectors.fetch_add(more_sectors, std::memory_order_relaxed);
            nanoseconds.fetch_add(static_cast<u64>(took.nanoseconds), std::memory_order_relaxed);
            core::trace(core::TracePoint::disk, static_cast<u64>(work), more_sectors, static_cast<u64>(took.nanoseconds));
        }
    };
    Counter reads{abi::TraceDisk::read}, writes{abi::TraceDisk::write}, flushes{abi::TraceDisk::flush};
};

/// Disks in the order in which they were found; null beyond the last. They live as long as the machine.
BlockDevice* disk(std::size_t index);
void add_disk(BlockDevice& device);

}  // namespace spore::device
