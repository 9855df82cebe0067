// Address spaces, seen as a program sees them: through the page table that the faults fill.
#include "kernel/memory/address_space.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <random>
#include <string>

#include "kernel/memory/fault_injection.hpp"
#include "kernel/memory/heap.hpp"
#include "tests/fakes/mmu.hpp"
#include "tests/unit/kernel/memory/program.hpp"

namespace spore::memory {
namespace {

using arch::Access;
using tests::Program;
using tests::TestFile;
constexpr Access none{}, read_only{.read = true}, read_write{.read = true, .write = true}, run{.read = true, .execute = true};

class AddressSpaceTest : public testing::Test {
protected:
    void SetUp() override { fakes::reset_memory(64_MiB); }
    void TearDown() override { fakes::reset_memory(); }
};

TEST_F(AddressSpaceTest, AnonymousMemoryIsZeroAndKeepsWhatIsWritten) {
    u64 free = memory_use().free;
    {
        Program program;
        auto at = program.map({.size = 3 * page_size, .access = read_write});
        EXPECT_EQ(program.load(at), 0);
        EXPECT_TRUE(program.store(at + page_size, 42));
        EXPECT_EQ(program.load(at + page_size), 42);
        EXPECT_EQ(program.space->use().resident_bytes, 2 * page_size);
        EXPECT_EQ(program.fault(at + 3 * page_size, read_only), FaultOutcome::no_area);
        EXPECT_TRUE(program.space->unmap(at, 3 * page_size));
        EXPECT_EQ(program.space->use().resident_bytes, 0u);
        EXPECT_EQ(program.space->use().virtual_bytes, 0u);
        EXPECT_EQ(program.fault(at, read_only), FaultOutcome::no_area);
    }
    EXPECT_EQ(memory_use().free, free);
}

TEST_F(AddressSpaceTest, HeldPagesOutliveTheirMapping) {
    u64 free = memory_use().free;
    {
        Program program;
        auto at = program.map({.size = 2 * page_size, .access = read_write});
        EXPECT_TRUE(program.store(at, 42));
        auto page = program.space->hold_page(at + 100), fresh = program.space->hold_page(at + page_size);
        ASSERT_TRUE(page && fresh);
        EXPECT_TRUE(program.store(at, 43));  // in place: it is still the program's
        EXPECT_EQ(page->bytes()[0], std::byte{43});
        EXPECT_TRUE(program.space->unmap(at, 2 * page_size));
        EXPECT_EQ(page->bytes()[0], std::byte{43});
        EXPECT_EQ(program.space->hold_page(at).error(), Error::bad_address);
        EXPECT_EQ(program.space->hold_page({arch::program_end}).error(), Error::bad_address);
        auto closed = program.map({.size = page_size, .access = none});
        EXPECT_EQ(program.space->hold_page(closed).error(), Error::bad_address);
    }
    EXPECT_EQ(memory_use().free, free);
}

TEST_F(AddressSpaceTest, ALargePageIsHeldInSmallOnes) {
    fakes::reset_memory(256_MiB);
    u64 free = memory_use().free;
    {
        Program program;
        auto at = program.map({.size = 16_MiB, .access = read_write});
        for (u64 i = 0; i < 16_MiB; i += page_size) ASSERT_TRUE(program.store(at + i, static_cast<u8>(i >> 12)));
        VirtAddr large = at + 4_MiB;
        ASSERT_EQ(program.space->page_table().query(large).size, arch::large_page_size);
        auto first = program.space->hold_page(large), other = program.space->hold_page(large + 5 * page_size);
        ASSERT_TRUE(first && other);
        EXPECT_TRUE(program.space->unmap(at, 16_MiB));
        EXPECT_EQ(other->bytes()[0], std::byte{5});
    }
    EXPECT_EQ(memory_use().free, free);
}

TEST_F(AddressSpaceTest, NeighboursMergeAndUnmappingSplits) {
    Program program;
    auto first = program.map({.size = page_size, .access = read_write});
    auto second = program.map({.size = page_size, .access = read_write});
    EXPECT_EQ(second + page_size, first);
    EXPECT_EQ(program.area_count(), 1u);
    auto third = program.map({.size = page_size, .access = read_only});
    EXPECT_EQ(third + page_size, second);
    EXPECT_EQ(program.area_count(), 2u);
    EXPECT_TRUE(program.space->protect(third, page_size, read_write));
    EXPECT_EQ(program.area_count(), 1u);
    EXPECT_TRUE(program.space->unmap(second, page_size));
    EXPECT_EQ(program.area_count(), 2u);
    EXPECT_EQ(program.map({.size = page_size, .access = read_write}), second);  // the gap is found again
}

TEST_F(AddressSpaceTest, PlacementIsObeyed) {
    Program program;
    VirtAddr at{0x4000'0000};
    EXPECT_EQ(program.map({.hint = at, .size = 4 * page_size, .access = read_write}), at);
    EXPECT_NE(program.map({.hint = at, .size = page_size, .access = read_write}), at);
    EXPECT_TRUE(program.store(at + page_size, 7));
    EXPECT_EQ(program.space->map({.hint = at + page_size, .size = page_size, .access = read_write, .placement = Placement::exactly_if_free}).error(), Error::exists);
    EXPECT_EQ(program.load(at + page_size), 7);
    EXPECT_EQ(program.map({.hint = at + page_size, .size = page_size, .access = read_write, .placement = Placement::exactly}), at + page_size);
    EXPECT_EQ(program.load(at + page_size), 0);
    EXPECT_EQ(program.space->map({.hint = {0x1000}, .size = page_size, .access = read_write, .placement = Placement::exactly}).error(), Error::not_permitted);
    EXPECT_EQ(program.space->map({.hint = at + 1, .size = page_size, .access = read_write, .placement = Placement::exactly}).error(), Error::invalid);
    EXPECT_EQ(program.space->map({.size = ~u64{0} - 4095, .access = none}).error(), Error::no_memory);
    EXPECT_EQ(program.space->map({.size = 0, .access = none}).error(), Error::invalid);
    EXPECT_TRUE(program.space->map({.size = 512_GiB, .access = none}));  // reserves count nothing
}

TEST_F(AddressSpaceTest, AccessIsEnforced) {
    Program program;
    auto at = program.map({.size = 2 * page_size, .access = read_write, .access_limit = read_write});
    EXPECT_TRUE(program.store(at, 1));
    EXPECT_TRUE(program.space->protect(at, page_size, read_only));
    EXPECT_EQ(program.fault(at, {.write = true}), FaultOutcome::access_denied);
    EXPECT_EQ(program.load(at), 1);
    EXPECT_TRUE(program.space->protect(at, page_size, none));
    EXPECT_EQ(program.fault(at, read_only), FaultOutcome::access_denied);
    EXPECT_TRUE(program.space->protect(at, page_size, read_write));
    EXPECT_EQ(program.load(at), 1);
    EXPECT_TRUE(program.store(at, 2));
    EXPECT_EQ(program.space->protect(at, page_size, run).error(), Error::access_denied);
    EXPECT_EQ(program.space->protect(at, 3 * page_size, read_only).error(), Error::no_memory);
}

TEST_F(AddressSpaceTest, PrivateFilesAreCopiedOnWrite) {
    auto file = TestFile::create(10 * page_size + 100);
    Program program;
    auto at = program.map({.size = 12 * page_size, .access = read_write, .object = file, .offset = page_size});
    EXPECT_EQ(program.load(at), 1);
    EXPECT_EQ(program.load(at + 9 * page_size), 10);
    EXPECT_EQ(program.fault(at + 10 * page_size, read_only), FaultOutcome::beyond_object);
    EXPECT_TRUE(program.store(at, 99));                  // after a read: copied
    EXPECT_TRUE(program.store(at + page_size, 98));      // at once
    EXPECT_EQ(program.load(at), 99);
    EXPECT_EQ(file->byte(1), 1);
    EXPECT_EQ(file->byte(2), 2);
    // What is cut from the file goes, private copies stay.
    file->pages().drop(0);
    EXPECT_EQ(program.load(at), 99);
    EXPECT_EQ(file->loads(3), 0);
    EXPECT_EQ(program.load(at + 2 * page_size), 3);
    EXPECT_EQ(file->loads(3), 1);
}

TEST_F(AddressSpaceTest, SharedFilesShowEveryWrite) {
    auto file = TestFile::create(4 * page_size);
    Program one, two;
    auto a = one.map({.size = 4 * page_size, .access = read_write, .sharing = Sharing::shared, .object = file});
    auto b = two.map({.size = 2 * page_size, .access = read_only, .sharing = Sharing::shared, .object = file, .offset = 2 * page_size});
    EXPECT_EQ(two.load(b), 2);
    EXPECT_TRUE(one.store(a + 2 * page_size, 77));
    EXPECT_EQ(two.load(b), 77);
    EXPECT_EQ(file->byte(2), 77);
    file->pages().drop(2, 3);
    EXPECT_EQ(one.load(a + 2 * page_size), 2);
    EXPECT_EQ(two.load(b), 2);
}

TEST_F(AddressSpaceTest, NeighboursAtHandComeAlong) {
    auto file = TestFile::create(64 * page_size);
    for (u64 i = 0; i < 20; ++i) ASSERT_TRUE(file->pages().get(i));
    Program program;
    auto at = program.map({.size = 64 * page_size, .access = read_only, .object = file});
    EXPECT_EQ(program.load(at), 0);
    EXPECT_GE(program.space->use().resident_bytes, page_size);
    u64 faults = program.faults;
    for (u64 i = align_down(at.value, 16 * page_size) == at.value ? 15 : 0; i > 0; --i) EXPECT_EQ(program.load(at + i * page_size), static_cast<int>(i));
    EXPECT_EQ(program.faults, faults);
}

TEST_F(AddressSpaceTest, SharedAnonymousMemorySurvivesFork) {
    Program parent;
    auto shared = parent.map({.size = 2 * page_size, .access = read_write, .sharing = Sharing::shared});
    auto own = parent.map({.size = 2 * page_size, .access = read_write});
    parent.store(shared, 1);
    parent.store(own, 2);
    Program child(*parent.space->fork());
    EXPECT_EQ(child.load(shared), 1);
    EXPECT_EQ(child.load(own), 2);
    child.store(shared, 3);
    child.store(own, 4);
    EXPECT_EQ(parent.load(shared), 3);
    EXPECT_EQ(parent.load(own), 2);
    parent.store(own, 5);
    EXPECT_EQ(child.load(own), 4);
    child.store(shared + page_size, 8);
    EXPECT_EQ(parent.load(shared + page_size), 8);
}

TEST_F(AddressSpaceTest, StacksGrowUpToTheirLimit) {
    Program program;
    program.space->set_limits(~u64{0}, ~u64{0}, 1_MiB);
    VirtAddr top{0x7000'0000'0000};
    ASSERT_EQ(program.map({.hint = top - 2 * page_size, .size = 2 * page_size, .access = read_write, .placement = Placement::exactly, .grows_down = true, .name = "[stack]"}), top - 2 * page_size);
    EXPECT_TRUE(program.store(top - 100 * page_size, 1));
    EXPECT_TRUE(program.store(top - 1_MiB, 1));
    EXPECT_EQ(program.fault(top - 1_MiB - 1, read_write), FaultOutcome::no_area);
    EXPECT_EQ(program.space->use().stack_bytes, 1_MiB);
    EXPECT_EQ(program.area_count(), 1u);
}

TEST_F(AddressSpaceTest, TheBreakMovesBothWays) {
    Program program;
    VirtAddr start{0x1234'5678};
    program.space->initialise_break(start);
    EXPECT_EQ(program.space->set_break({0}), start);
    EXPECT_EQ(program.space->set_break(start + 100000), start + 100000);
    EXPECT_TRUE(program.store(start + 99999, 5));
    EXPECT_EQ(program.space->set_break(start + 50000), start + 50000);
    EXPECT_EQ(program.space->set_break(start + 100000), start + 100000);
    EXPECT_EQ(program.load(start + 99999), 0);
    EXPECT_EQ(program.area_count(), 1u);
    program.map({.hint = {align_up(start.value + 200000, page_size)}, .size = page_size, .access = none, .placement = Placement::exactly});
    EXPECT_EQ(program.space->set_break(start + 300000), start + 100000);
}

TEST_F(AddressSpaceTest, RemapMovesPagesWithTheirContents) {
    Program program;
    auto at = program.map({.size = 8 * page_size, .access = read_write});
    for (u64 i = 0; i < 8; ++i) program.store(at + i * page_size, static_cast<int>(i + 1));
    auto wall = program.map({.size = page_size, .access = none, .placement = Placement::anywhere});
    EXPECT_LT(wall, at);
    auto moved = program.space->remap(at, 8 * page_size, 4_MiB, true, nullptr);
    ASSERT_TRUE(moved);
    for (u64 i = 0; i < 8; ++i) EXPECT_EQ(program.load(*moved + i * page_size), static_cast<int>(i + 1));
    EXPECT_EQ(program.load(*moved + 8 * page_size), 0);
    // Exactly there, and smaller.
    VirtAddr to{0x5000'0000};
    EXPECT_EQ(program.space->remap(*moved, 4_MiB, 2 * page_size, true, &to), to);
    EXPECT_EQ(program.load(to + page_size), 2);
    EXPECT_EQ(program.fault(*moved, read_only), FaultOutcome::no_area);
    EXPECT_EQ(program.fault(to + 2 * page_size, read_only), FaultOutcome::no_area);
    // In place.
    EXPECT_EQ(program.space->remap(to, 2 * page_size, 6 * page_size, false, nullptr), to);
    EXPECT_EQ(program.load(to + page_size), 2);
    program.map({.hint = to + 6 * page_size, .size = page_size, .access = none, .placement = Placement::exactly});
    EXPECT_EQ(program.space->remap(to, 6 * page_size, 9 * page_size, false, nullptr).error(), Error::no_memory);
    EXPECT_EQ(program.space->remap({0x100'0000}, page_size, 2 * page_size, true, nullptr).error(), Error::bad_address);
}

TEST_F(AddressSpaceTest, RemapLeavesAnEmptyPlaceWhenAsked) {
    Program program;
    auto at = program.map({.size = 4 * page_size, .access = read_write});
    for (u64 i = 0; i < 4; ++i) program.store(at + i * page_size, static_cast<int>(i + 1));
    auto before = program.space->use().virtual_bytes;
    auto moved = program.space->remap(at + page_size, 2 * page_size, 2 * page_size, true, nullptr, OldPlace::kept);
    ASSERT_TRUE(moved);
    EXPECT_EQ(program.load(*moved + page_size), 3);
    EXPECT_EQ(program.load(at), 1);
    EXPECT_EQ(program.load(at + page_size), 0);
    EXPECT_EQ(program.load(at + 3 * page_size), 4);
    EXPECT_EQ(program.space->use().virtual_bytes, before + 2 * page_size);
    EXPECT_EQ(program.space->remap(at, 2 * page_size, page_size, true, nullptr, OldPlace::kept).error(), Error::invalid);
}

TEST_F(AddressSpaceTest, DiscardedPagesAreZeroAgain) {
    Program program;
    auto at = program.map({.size = 4 * page_size, .access = read_write});
    for (u64 i = 0; i < 4; ++i) program.store(at + i * page_size, 9);
    EXPECT_TRUE(program.space->discard(at + page_size, 2 * page_size));
    EXPECT_EQ(program.load(at), 9);
    EXPECT_EQ(program.load(at + page_size), 0);
    EXPECT_EQ(program.load(at + 3 * page_size), 9);
    EXPECT_EQ(program.space->discard(at, 8 * page_size).error(), Error::no_memory);
}

TEST_F(AddressSpaceTest, PopulateAndResidencyAgree) {
    Program program;
    auto at = program.map({.size = 8 * page_size, .access = read_write});
    EXPECT_TRUE(program.space->populate(at + 2 * page_size, 3 * page_size));
    u8 there[8];
    EXPECT_TRUE(program.space->residency(at, 8 * page_size, there));
    for (int i = 0; i < 8; ++i) EXPECT_EQ(there[i], i >= 2 && i < 5);
    EXPECT_EQ(program.space->residency(at, 9 * page_size, there).error(), Error::no_memory);
}

TEST_F(AddressSpaceTest, OthersReadAndWriteItsMemory) {
    Program program;
    auto at = program.map({.size = 3 * page_size, .access = read_write});
    std::vector<std::byte> out(2 * page_size, std::byte{3}), in(2 * page_size);
    EXPECT_EQ(program.space->write(at + 100, out), out.size());
    EXPECT_EQ(program.space->read(at + 100, in), in.size());
    EXPECT_EQ(in, out);
    EXPECT_EQ(program.space->read(at + 2 * page_size, in), page_size);
    EXPECT_EQ(program.space->read(at + 4 * page_size, in).error(), Error::bad_address);
}

TEST_F(AddressSpaceTest, LargePagesAreUsedAndSplit) {
    fakes::reset_memory(256_MiB);
    u64 free = memory_use().free;
    {
        Program program;
        auto at = program.map({.size = 16_MiB, .access = read_write});
        EXPECT_TRUE(is_aligned(at.value, arch::large_page_size));
        for (u64 i = 0; i < 16_MiB; i += page_size) ASSERT_TRUE(program.store(at + i, static_cast<u8>(i >> 12)));
        EXPECT_LE(program.faults, 8u);
        EXPECT_TRUE(program.space->protect(at + 3 * page_size, page_size, read_only));
        EXPECT_TRUE(program.space->discard(at + 2_MiB + page_size, page_size));
        EXPECT_TRUE(program.space->unmap(at + 4_MiB + 5 * page_size, 3_MiB));
        VirtAddr to{0x5000'1000};
        EXPECT_TRUE(program.space->remap(at + 8_MiB, 4_MiB, 4_MiB, true, &to));
        EXPECT_EQ(program.load(at + 2_MiB + page_size), 0);
        EXPECT_EQ(program.load(at + 2_MiB + 2 * page_size), 2);
        EXPECT_EQ(program.load(to + 3 * page_size), 3);
        Program child(*program.space->fork());
        EXPECT_TRUE(child.store(at + 12_MiB + page_size, 100));
        EXPECT_EQ(program.load(at + 12_MiB + page_size), 1);
        EXPECT_EQ(child.load(at + 12_MiB + page_size), 100);
        EXPECT_EQ(child.load(at + 14_MiB + 7 * page_size), 7);
    }
    EXPECT_EQ(memory_use().free, free);
}

TEST_F(AddressSpaceTest, LimitsHold) {
    Program program;
    program.space->set_limits(10 * page_size, 5 * page_size, 8_MiB);
    EXPECT_EQ(program.space->map({.size = 6 * page_size, .access = read_write}).error(), Error::no_memory);
    auto at = program.map({.size = 6 * page_size, .access = read_only});
    EXPECT_EQ(program.space->map({.size = 5 * page_size, .access = read_only}).error(), Error::no_memory);
    EXPECT_EQ(program.space->protect(at, 6 * page_size, read_write).error(), Error::no_memory);
    EXPECT_TRUE(program.space->protect(at, 5 * page_size, read_write));
}

TEST_F(AddressSpaceTest, MemoryThatRunsOutIsAnOutcome) {
    Program program;
    EXPECT_EQ(program.space->map({.size = 1_GiB, .access = read_write}).error(), Error::no_memory);  // it could never be had
    auto at = program.map({.size = 1_GiB, .access = read_write, .no_reserve = true});
    FaultOutcome outcome = FaultOutcome::served;
    u64 i = 0;
    for (; outcome == FaultOutcome::served; ++i) outcome = program.fault(at + i * page_size, read_write);
    EXPECT_EQ(outcome, FaultOutcome::no_memory);
    EXPECT_TRUE(program.space->unmap(at, 1_GiB));
    EXPECT_GT(memory_use().free, 62_MiB);
}

/// Every way out of a failed allocation: after each, the program still holds what it held, and nothing leaks.
TEST_F(AddressSpaceTest, AnyAllocationMayFail) {
    u64 free = memory_use().free;
    for (u64 nth = 1;; ++nth) {
        bool failed = false;
        {
            auto file = TestFile::create(8 * page_size);
            Program program;
            auto at = program.map({.size = 8 * page_size, .access = read_write});
            for (u64 i = 0; i < 8; ++i) program.store(at + i * page_size, static_cast<int>(i + 1));
            fail_allocation(nth);
            auto check = [&](auto&& result) { failed |= !result; };
            auto shared = program.space->map({.size = 4 * page_size, .access = read_write, .sharing = Sharing::shared});
            check(shared);
            if (shared) check(program.fault(*shared, read_write) == FaultOutcome::served);
            auto mapped = program.space->map({.size = 4 * page_size, .access = read_write, .object = file});
            check(mapped);
            if (mapped) check(program.fault(*mapped, read_only) == FaultOutcome::served), check(program.fault(*mapped + page_size, read_write) == FaultOutcome::served);
            auto child = program.space->fork();
            check(child);
            VirtAddr to{0x6000'0000};
            auto moved = program.space->remap(at, 8 * page_size, 9 * page_size, true, &to);
            check(moved);
            auto now = moved ? *moved : at;
            check(program.space->protect(now + page_size, page_size, read_only));
            check(program.fault(now + 2 * page_size, read_write) == FaultOutcome::served);
            fail_allocation(0);
            for (u64 i = 0; i < 8; ++i) ASSERT_EQ(program.load(now + i * page_size), static_cast<int>(i + 1)) << nth;
            if (child) {
                Program other(*child);
                for (u64 i = 0; i < 8; ++i) ASSERT_EQ(other.load(at + i * page_size), static_cast<int>(i + 1)) << nth;
            }
        }
        ASSERT_EQ(memory_use().free, free) << nth;
        if (!failed) break;
        ASSERT_LT(nth, 200u);
    }
}

}  // namespace
}  // namespace spore::memory
