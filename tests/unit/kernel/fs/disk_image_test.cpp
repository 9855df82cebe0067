#include "kernel/fs/erofs/disk_image.hpp"

#include <gtest/gtest.h>

#include <cstring>

#include "kernel/memory/fault_injection.hpp"

namespace spore::fs::erofs {
namespace {

constexpr u64 blocks = 40;

/// Every block is filled with its number.
class CountingDisk final : public device::BlockDevice {
public:
    u64 sectors() const override { return blocks * page_size / device::sector_size; }
    bool read_only() const override { return true; }
    Result<void> read(u64 first, std::span<const device::TransferPiece> pieces) override {
        ++requests;
        if (fails) return fail(Error::io);
        for (auto& piece : pieces) {
            std::memset(arch::direct(piece.address), static_cast<int>(first * device::sector_size / page_size), piece.size);
            first += piece.size / device::sector_size;
            ++blocks_read;
        }
        return {};
    }
    Result<void> write(u64, std::span<const device::TransferPiece>) override { return fail(Error::read_only); }
    Result<void> flush() override { return {}; }

    u64 requests = 0, blocks_read = 0;
    bool fails = false;
};

class DiskImageTest : public testing::Test {
protected:
    int first_byte(u64 index) { return static_cast<int>(*image.frame(index)->bytes()); }

    CountingDisk disk;
    DiskImage image{disk};
};

TEST_F(DiskImageTest, ReadsWhatLiesAroundWithOneRequest) {
    EXPECT_FALSE(image.frame_at_hand(20));
    EXPECT_EQ(first_byte(20), 20);
    EXPECT_EQ(disk.requests, 1u);
    for (u64 index = 16; index < 32; ++index) {
        if (index == 20) continue;
        auto frame = image.frame_at_hand(index);
        ASSERT_TRUE(frame) << index;
        EXPECT_EQ(static_cast<u64>(*frame.bytes()), index);
    }
    EXPECT_FALSE(image.frame_at_hand(15));
    EXPECT_FALSE(image.frame_at_hand(32));
    EXPECT_FALSE(image.frame_at_hand(17)) << "it went over to who asked for it";
    EXPECT_EQ(disk.requests, 1u);
}

TEST_F(DiskImageTest, EndsWithTheDisk) {
    EXPECT_EQ(first_byte(blocks - 1), static_cast<int>(blocks - 1));
    EXPECT_EQ(disk.blocks_read, blocks % device::BlockDevice::max_pieces);
    EXPECT_EQ(image.frame(blocks).error(), Error::corrupt);
    EXPECT_FALSE(image.frame_at_hand(blocks));
}

TEST_F(DiskImageTest, BeginsWhereItLiesOnTheDisk) {
    constexpr u64 start = 5;
    DiskImage behind(disk, start * page_size);
    EXPECT_EQ(behind.size(), (blocks - start) * page_size);
    EXPECT_EQ(static_cast<int>(*behind.frame(0)->bytes()), static_cast<int>(start));
    EXPECT_EQ(static_cast<int>(*behind.frame(blocks - start - 1)->bytes()), static_cast<int>(blocks - 1));
    EXPECT_EQ(behind.frame(blocks - start).error(), Error::corrupt);
}

TEST_F(DiskImageTest, KeepsWhatIsLookedAt) {
    EXPECT_EQ(static_cast<int>(image.block(3)->bytes[0]), 3);
    EXPECT_EQ(static_cast<int>(image.block(4)->bytes[0]), 4);
    EXPECT_EQ(static_cast<int>(image.block(3)->bytes[0]), 3);
    EXPECT_EQ(disk.requests, 1u);
}

TEST_F(DiskImageTest, FailsAsTheDiskDoesAndTriesAgain) {
    disk.fails = true;
    EXPECT_EQ(image.frame(1).error(), Error::io);
    EXPECT_FALSE(image.frame_at_hand(2));
    disk.fails = false;
    EXPECT_EQ(first_byte(1), 1);
}

TEST_F(DiskImageTest, WithoutMemoryForMoreReadsWhatIsWanted) {
    memory::fail_allocation(2);  // the first neighbour's
    EXPECT_EQ(first_byte(1), 1);
    EXPECT_EQ(memory::fail_allocation(0), 0u);
    EXPECT_EQ(disk.blocks_read, 1u);
}

}  // namespace
}  // namespace spore::fs::erofs
