// The shadow's arithmetic, over memory and a shadow of the test's own.
#include "kernel/arch/linuxu-sanitized/shadow.hpp"

#include <gtest/gtest.h>

#include <array>
#include <random>

namespace spore::arch {
namespace {

constexpr u8 why = 0xfa;

/// 512 bytes at 0x1000, with a model beside it that has a flag for each.
struct Memory {
    static constexpr u64 start = 0x1000, size = 512;
    std::array<u8, size / granule + 1> bytes{};
    std::array<bool, size> allowed;
    Shadow shadow{reinterpret_cast<u64>(bytes.data()) - start / granule};

    Memory() { allowed.fill(true); }
    void poison(u64 at, u64 length) {
        shadow.poison(at, length, why);
        for (u64 i = at; i < at + length; ++i) allowed[i - start] = false;
    }
    void unpoison(u64 at, u64 length) {
        shadow.unpoison(at, length);
        for (u64 i = at; i < at + length; ++i) allowed[i - start] = true;
        for (u64 i = at + length; i % granule; ++i) allowed[i - start] = false;
    }
    u64 first_bad(u64 at, u64 length) const {
        for (u64 i = at; i < at + length; ++i)
            if (!allowed[i - start]) return i;
        return at + length;
    }
};

TEST(Shadow, AnObjectEndsToTheByte) {
    Memory memory;
    memory.poison(0x1000, 64);
    memory.unpoison(0x1010, 29);
    EXPECT_EQ(memory.shadow.first_bad(0x1010, 29), 0x1010u + 29);
    EXPECT_EQ(memory.shadow.first_bad(0x1010, 30), 0x1010u + 29);
    EXPECT_EQ(memory.shadow.first_bad(0x100f, 2), 0x100fu);
    EXPECT_EQ(*memory.shadow.of(0x1028), 29 % granule);
}

TEST(Shadow, WhatFollowsAPartTellsTheReason) {
    Memory memory;
    memory.poison(0x1000, 64);
    memory.unpoison(0x1000, 13);
    EXPECT_EQ(memory.shadow.reason(0x100d), why);
    EXPECT_EQ(memory.shadow.reason(0x1018), why);
    memory.shadow.poison(0x1010, 8, shadow_byte::stack_right);
    EXPECT_EQ(memory.shadow.reason(0x100d), shadow_byte::stack_right);
}

TEST(Shadow, AnAccessAcrossGranulesIsPlainOnlyWhereAllAre) {
    Memory memory;
    memory.poison(0x1010, 8);
    EXPECT_TRUE(memory.shadow.is_plain<8>(0x1008));
    EXPECT_FALSE(memory.shadow.is_plain<8>(0x1009));
    EXPECT_FALSE(memory.shadow.is_plain<2>(0x100f));
    EXPECT_TRUE(memory.shadow.is_plain<1>(0x100f));
    EXPECT_FALSE(memory.shadow.is_plain<16>(0x100c)) << "the granule in the middle";
    EXPECT_FALSE(memory.shadow.is_plain<16>(0x1001));
    EXPECT_TRUE(memory.shadow.is_plain<16>(0x1000));
}

TEST(Shadow, FindsWhatAFlagForEachByteFinds) {
    std::mt19937 random(7);
    auto below = [&](u64 limit) { return random() % limit; };
    for (int round = 0; round < 200; ++round) {
        Memory memory;
        for (int change = 0; change < 8; ++change) {
            u64 at = below(Memory::size / granule) * granule, left = Memory::size - at;
            if (below(2)) memory.poison(Memory::start + at, below(left / granule + 1) * granule);
            else memory.unpoison(Memory::start + at, below(left + 1));
        }
        for (int look = 0; look < 100; ++look) {
            u64 at = below(Memory::size), length = below(Memory::size - at + 1);
            ASSERT_EQ(memory.shadow.first_bad(Memory::start + at, length), memory.first_bad(Memory::start + at, length)) << at << " " << length;
            if (at + 8 <= Memory::size && memory.shadow.is_plain<8>(Memory::start + at))
                ASSERT_EQ(memory.first_bad(Memory::start + at, 8), Memory::start + at + 8);
        }
    }
}

TEST(Shadow, EveryReasonHasWords) {
    for (u8 byte : {0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xf1, 0xf2, 0xf3, 0xf8, 0xf9, 0xca, 0xcb}) EXPECT_NE(words_for(byte), words_for(0xff)) << int{byte};
}

}  // namespace
}  // namespace spore::arch
