#include "wire/efi.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace spore::wire::efi {
namespace {

/// Descriptors of 48 bytes, as EDK2 hands them out.
class Map {
public:
    Map& add(u32 type, u64 start, u64 pages) {
        u64 fields[6] = {type, start, 0, pages, 0xf, 0};
        auto raw = std::as_bytes(std::span(fields));
        bytes_.insert(bytes_.end(), raw.begin(), raw.end());
        return *this;
    }
    MemoryMap parsed() const { return *MemoryMap::parse(bytes_, 48); }

private:
    std::vector<std::byte> bytes_;
};

TEST(EfiMemoryMap, GivesRegionsInOrder) {
    auto bytes = Map().add(7, 0x4800'0000, 16).add(4, 0x4000'0000, 1).add(9, 0x4700'0000, 2);
    auto map = bytes.parsed();
    auto first = map.first_above(0);
    ASSERT_TRUE(first);
    EXPECT_EQ(first->start, 0x4000'0000u);
    EXPECT_EQ(first->end, 0x4000'1000u);
    auto second = map.first_above(first->end);
    ASSERT_TRUE(second);
    EXPECT_EQ(second->use, Use::tables);
    EXPECT_EQ(second->end, 0x4700'2000u);
    EXPECT_EQ(map.first_above(second->end)->end, 0x4801'0000u);
    EXPECT_FALSE(map.first_above(0x4801'0000));
}

TEST(EfiMemoryMap, LeavesOutWhatFirmwareKeeps) {
    // Reserved, runtime code and data, unusable, ACPI NVS, memory-mapped devices, persistent.
    Map map;
    for (u32 type : {0u, 5u, 6u, 8u, 10u, 11u, 12u, 13u, 14u, 0x8000'0000u}) map.add(type, 0x4000'0000, 4);
    EXPECT_FALSE(map.parsed().first_above(0));
}

TEST(EfiMemoryMap, SkipsWhatIsDamaged) {
    auto bytes = Map().add(7, 0x1001, 1).add(7, 0x2000, 0).add(7, ~u64{0xfff}, 2).add(7, 0x3000, ~u64{0}).add(7, 0x8000, 1);
    auto map = bytes.parsed();
    ASSERT_TRUE(map.first_above(0));
    EXPECT_EQ(map.first_above(0)->start, 0x8000u);
}

TEST(EfiMemoryMap, RefusesSmallDescriptors) { EXPECT_FALSE(MemoryMap::parse({}, 31)); }

TEST(EfiMemoryMap, IgnoresAPartAtTheEnd) {
    std::byte bytes[40]{};
    bytes[0] = std::byte{7}, bytes[24] = std::byte{1};
    EXPECT_TRUE(MemoryMap::parse(bytes, 32)->first_above(0));
    EXPECT_FALSE(MemoryMap::parse(bytes, 41)->first_above(0));
}

}  // namespace
}  // namespace spore::wire::efi
