#include "kernel/arch/linuxu/cpu/residents.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <vector>

#include "base/types.hpp"

namespace spore::arch {
namespace {

using Range = Unmappings::Range;
constexpr Unmappings::Areas areas{{0x1'0000, 0x7000'0000'0000}, {0x7400'0000'0000, 0x7400'4000'0000}};

std::vector<std::pair<u64, u64>> all(const Unmappings& unmappings) {
    std::vector<std::pair<u64, u64>> list;
    for (auto range : unmappings) list.emplace_back(range.start, range.end);
    return list;
}

bool covers(const Unmappings& unmappings, u64 at) {
    for (auto range : unmappings)
        if (at >= range.start && at < range.end) return true;
    return false;
}

TEST(Unmappings, KeepsWhatIsNotCovered) {
    Unmappings noted;
    noted.add({0x1000, 0x5000}, areas);
    noted.add({0x2000, 0x3000}, areas);
    noted.add({0x8000, 0x9000}, areas);
    EXPECT_EQ(all(noted), (std::vector<std::pair<u64, u64>>{{0x1000, 0x5000}, {0x8000, 0x9000}}));
    noted.drop({0x0, 0x6000});
    EXPECT_EQ(all(noted), (std::vector<std::pair<u64, u64>>{{0x8000, 0x9000}}));
    noted.drop({0x8000, 0x8800});  // a part only
    EXPECT_TRUE(covers(noted, 0x8800));
}

TEST(Unmappings, TooManyAreAll) {
    Unmappings noted;
    for (u64 i = 0; i < 9; ++i) noted.add({0x10'0000 + i * 0x2000, 0x10'1000 + i * 0x2000}, areas);
    for (u64 i = 0; i < 9; ++i) EXPECT_TRUE(covers(noted, 0x10'0000 + i * 0x2000));
    EXPECT_TRUE(covers(noted, 0x6000'0000'0000));
    EXPECT_TRUE(covers(noted, 0x7400'0000'1000));   // kernel stacks
    EXPECT_FALSE(covers(noted, 0x7100'0000'0000));  // the direct map never
}

/// Enters, and makes a process first when that is worth it.
u32 go(Residents& residents, u64 table) {
    if (residents.wants_more(table)) residents.add();
    residents.enter(table);
    return residents.running();
}

TEST(Residents, OneProcessServesTablesThatDoNotComeBack) {
    Residents residents(areas);
    for (u64 table = 1; table < 100; ++table) EXPECT_EQ(go(residents, table), 0u);
    EXPECT_EQ(residents.count(), 1u);
    EXPECT_TRUE(covers(residents.take(), 0x1'0000));
    EXPECT_EQ(all(residents.take()).size(), 0u);
}

TEST(Residents, TablesThatTakeTurnsGetAProcessEach) {
    Residents residents(areas);
    for (int turn = 0; turn < 10; ++turn)
        for (u64 table = 1; table <= 3; ++table) go(residents, table);
    EXPECT_EQ(residents.count(), 3u);
    for (int turn = 0; turn < 3; ++turn) {
        std::set<u32> used;
        for (u64 table = 1; table <= 3; ++table) {
            used.insert(go(residents, table));
            if (turn) EXPECT_EQ(all(residents.take()).size(), 0u) << "unmaps what it is to keep";
            else residents.take();
        }
        EXPECT_EQ(used.size(), 3u);
    }
}

TEST(Residents, ThereIsALimit) {
    Residents residents(areas);
    for (int turn = 0; turn < 40; ++turn)
        for (u64 table = 1; table <= 4 * Residents::most; ++table) go(residents, table);
    EXPECT_LE(residents.count(), Residents::most);
    Residents refused(areas);
    refused.stop_adding();
    for (int turn = 0; turn < 10; ++turn)
        for (u64 table = 1; table <= 3; ++table) go(refused, table);
    EXPECT_EQ(refused.count(), 1u);
}

TEST(Residents, WithoutATableTheProcessStaysAndIsEmptied) {
    Residents residents(areas);
    go(residents, 1);
    residents.take();
    go(residents, 0);
    EXPECT_TRUE(covers(residents.take(), 0x1'0000));
    go(residents, 2);
    EXPECT_EQ(all(residents.take()).size(), 0u) << "it was empty";
}

TEST(Residents, ATableThatEndsLeavesItsProcessToOthers) {
    Residents residents(areas);
    for (int turn = 0; turn < 4; ++turn) go(residents, 1), residents.take(), go(residents, 2), residents.take();
    ASSERT_EQ(residents.count(), 2u);
    u32 second = residents.running();
    go(residents, 1);
    residents.forget(2, true);
    EXPECT_EQ(go(residents, 3), second);
    EXPECT_TRUE(covers(residents.take(), 0x1'0000));
}

/// A model: what each process has mapped is a set of (table, page); nothing stale may be there when a table is entered.
TEST(Residents, NobodyRunsOnWhatHoldsNoLonger) {
    std::mt19937 random(7);
    Residents residents(areas);
    std::map<std::pair<u64, u64>, u64> versions;                  // of (table, page)
    std::map<u32, std::map<u64, std::pair<u64, u64>>> mapped;     // process: page to (table, version)
    constexpr u64 first_page = 0x10;
    auto unmap = [&](Range range) {
        std::erase_if(mapped[residents.running()], [&](auto& entry) { return entry.first * page_size >= range.start && entry.first * page_size < range.end; });
    };
    u64 current = 0;
    for (int step = 0; step < 200'000; ++step) {
        u64 page = first_page + random() % 20, table = 1 + random() % 5;
        switch (random() % 8) {
        case 0:
            if (current == table) break;
            if (residents.wants_more(table)) {
                mapped[residents.count()] = mapped[residents.running()];
                residents.add();
            }
            residents.enter(current = table);
            for (auto range : residents.take()) unmap(range);
            break;
        case 1: {
            bool here = table == current;
            Range range{page * page_size, (page + 1 + random() % 4) * page_size};
            for (u64 at = range.start; at < range.end; at += page_size) versions[{table, at / page_size}]++;
            if (here) unmap(range);
            residents.note(table, range, true);
            break;
        }
        case 2:
            if (random() % 50 || table == current) break;
            for (u64 i = 0; i < 24; ++i) versions[{table, first_page + i}]++;
            residents.forget(table, true);
            break;
        default:
            if (!current) break;
            auto& here = mapped[residents.running()];
            if (auto found = here.find(page); found != here.end())
                ASSERT_EQ(found->second, std::pair(current, versions[{current, page}]))
                    << "step " << step;
            else here[page] = {current, versions[{current, page}]};
        }
    }
    EXPECT_GT(residents.count(), 1u);
}

}  // namespace
}  // namespace spore::arch
