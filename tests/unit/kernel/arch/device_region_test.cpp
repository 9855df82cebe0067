// Registers of devices, where firmware and devices say that they are.
#include "kernel/arch/common/mmu/device_region.hpp"

#include <gtest/gtest.h>

namespace spore::arch {
namespace {

constexpr u64 start = 0xffff'd000'0000'0000, size = 1_MiB, physical_end = u64{1} << 48;

TEST(DeviceRegion, GivesWholePagesOnce) {
    DeviceRegion region(start, start + size);
    auto first = region.take({0xfee0'0ff0}, 0x20, physical_end);
    ASSERT_TRUE(first);
    EXPECT_EQ(first->first, 0xfee0'0000u);
    EXPECT_EQ(first->size, 2 * page_size);
    EXPECT_EQ(first->registers, start + 0xff0);
    auto second = region.take({0xfec0'0000}, 1, physical_end);
    ASSERT_TRUE(second);
    EXPECT_EQ(second->base, start + 2 * page_size);
}

TEST(DeviceRegion, KnowsWhereMemoryEnds) {
    DeviceRegion region(start, start + size);
    EXPECT_TRUE(region.take({physical_end - page_size}, page_size, physical_end));
    for (u64 at : {physical_end, ~u64{0}, ~u64{0} - page_size, physical_end - page_size + 1})
        EXPECT_EQ(region.take({at}, page_size, physical_end).error(), Error::invalid) << at;
    for (u64 bytes : {u64{0}, ~u64{0}, ~u64{0} - 0x1000 + 1, physical_end}) EXPECT_EQ(region.take({0x1000}, bytes, physical_end).error(), Error::invalid) << bytes;
}

TEST(DeviceRegion, EndsWhereItEnds) {
    DeviceRegion region(start, start + size);
    EXPECT_EQ(region.take({0}, size + 1, physical_end).error(), Error::no_memory);
    EXPECT_TRUE(region.take({0}, size, physical_end));  // what failed has taken nothing
    EXPECT_EQ(region.take({0}, 1, physical_end).error(), Error::no_memory);
}

}  // namespace
}  // namespace spore::arch
