// Drivers of disks beside fake controllers, for their tests: what those do alike.
#pragma once

#include <gtest/gtest.h>

#include "kernel/drivers/bus/hardware.hpp"
#include "tests/fakes/disks.hpp"

namespace spore::fakes {

inline void simulated(const std::function<void()>& body, const SimulationOptions& options = {}) { EXPECT_TRUE(simulate(options, body)); }

/// What a disk holds there.
inline std::vector<u8> bytes_at(const std::vector<u8>& disk, u64 at, u64 size) { return {&disk[at], &disk[at] + size}; }

/// A controller, which its driver owns. Self has start(), which makes the driver; that lives as long as the machine.
template <typename Self, typename Controller>
class DiskRig {
public:
    /// Within simulate(): does this with the first disk, beside the controller.
    void run(const std::function<void(device::BlockDevice&)>& body) {
        ASSERT_TRUE(static_cast<Self&>(*this).start());
        ASSERT_TRUE(device::disk(0));
        card.seen.clear();
        beside(card, [&] { body(*device::disk(0)); });
    }

private:
    Owned<Controller> owned_{new Controller};

public:
    /// For the driver. Once.
    Owned<drivers::Hardware> take() { return Owned<drivers::Hardware>(owned_.release()); }
    Controller& card = *owned_;
};

/// Reads into pieces, writes and flushes; `on_disk` is what it holds, 128 KiB or more.
inline void expect_transfers(device::BlockDevice& disk, const std::vector<u8>& on_disk) {
    DiskMemory memory(4);
    device::TransferPiece pieces[] = {memory.piece(512, 512), memory.piece(1028, 512), memory.piece(8192, 16384)};
    ASSERT_TRUE(disk.read(5, pieces));
    EXPECT_EQ(memory.copy(512, 512), bytes_at(on_disk, 2560, 512));
    EXPECT_EQ(memory.copy(1028, 512), bytes_at(on_disk, 3072, 512));
    EXPECT_EQ(memory.copy(8192, 16384), bytes_at(on_disk, 3584, 16384));
    memory.fill(9, 65536);
    auto piece = memory.piece(0, 65536);
    ASSERT_TRUE(disk.write(64, {&piece, 1}));
    EXPECT_EQ(memory.copy(0, 65536), bytes_at(on_disk, 32768, 65536));
    ASSERT_TRUE(disk.flush());
}

/// So many reads of a page, each from another sector.
inline void expect_reads(device::BlockDevice& disk, u32 count) {
    DiskMemory memory;
    auto piece = memory.piece(0, 4096);
    for (u32 i = 0; i < count; ++i) ASSERT_TRUE(disk.read(i, {&piece, 1})) << i;
}

}  // namespace spore::fakes
