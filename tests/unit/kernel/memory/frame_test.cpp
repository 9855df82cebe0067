// The frame allocator: every frame can be had once, blocks are aligned and merge again, records of untouched memory stay untouched.
#include "kernel/memory/frame.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <vector>

#include "kernel/memory/fault_injection.hpp"
#include "kernel/memory/idle_blocks.hpp"
#include "tests/fakes/mmu.hpp"

namespace spore::memory {
namespace {

class FrameTest : public testing::Test {
protected:
    void SetUp() override { fakes::reset_memory(16_MiB); }
    void TearDown() override { fakes::reset_memory(); }
};

TEST_F(FrameTest, GivesEveryFrameOnceAndTakesThemBack) {
    auto use = memory_use();
    EXPECT_EQ(use.total, use.free);
    EXPECT_GE(use.total, 16_MiB - 17 * page_size * 8);
    std::set<u64> seen;
    std::vector<Frame*> frames;
    while (auto frame = allocate_frames()) {
        EXPECT_TRUE(seen.insert(address_of(**frame).value).second);
        frames.push_back(*frame);
    }
    EXPECT_EQ(frames.size() * page_size, use.total);
    EXPECT_EQ(memory_use().free, 0u);
    for (auto* frame : frames) release(*frame);
    EXPECT_EQ(memory_use().free, use.total);
    // All have merged: whole 2 MiB blocks are there again.
    unsigned blocks = 0;
    while (allocate_frames(max_order)) ++blocks;
    EXPECT_GE(blocks, 7u);
}

TEST_F(FrameTest, BlocksAreAligned) {
    for (unsigned order = 0; order <= max_order; ++order) {
        auto frame = allocate_frames(order);
        ASSERT_TRUE(frame);
        EXPECT_TRUE(is_aligned(address_of(**frame).value, page_size << order));
        release(**frame);
    }
}

TEST_F(FrameTest, UntouchedMemoryKeepsItsRecordsUntouched) {
    fakes::reset_memory(256_MiB);
    auto frame = allocate_frames();
    ASSERT_TRUE(frame);
    for (u64 at = 8_MiB; at < 256_MiB; at += page_size) ASSERT_EQ(frame_of({at}).kind, FrameKind::untouched);
    release(**frame);
}

TEST_F(FrameTest, SmallRangesBeforeTheRecordsArePartOfTheMemory) {
    fakes::reset_memory(0);
    add_memory({0x1000}, {0x3000}, {0}, {64_MiB});         // too small for the records
    add_memory({0x10800}, {0x9f400}, {0}, {64_MiB});       // edges within pages
    add_memory({1_MiB + 0x5000}, {64_MiB}, {0}, {64_MiB}); // the records
    auto use = memory_use();
    EXPECT_EQ(use.total, 0x2000 + 0x8e000 + 63_MiB - 0x5000 - 64_MiB / page_size * sizeof(Frame));
    u64 count = 0;
    std::vector<Frame*> frames;
    while (auto frame = allocate_frames()) ++count, frames.push_back(*frame);
    EXPECT_EQ(count * page_size, use.total);
    for (auto* frame : frames) release(*frame);
    EXPECT_EQ(memory_use().free, use.total);
}

TEST_F(FrameTest, MemoryThatBeginsHighHasNoRecordsForWhatIsBelow) {
    fakes::reset_memory(0);
    add_memory({64_MiB}, {96_MiB}, {64_MiB}, {96_MiB});
    EXPECT_EQ(memory_use().total, 32_MiB - 32_MiB / page_size * sizeof(Frame));
    auto frame = allocate_frames();
    ASSERT_TRUE(frame);
    EXPECT_EQ(&frame_of(address_of(**frame)), *frame);
    EXPECT_GE(address_of(**frame).value, 64_MiB);
    release(**frame);
}

TEST_F(FrameTest, FramesOfOthersAreNeverFreed) {
    fakes::reset_memory(0);
    add_memory({1_MiB}, {8_MiB}, {0}, {64_MiB});
    u64 free = memory_use().free;
    Frame& foreign = frame_of({32_MiB});
    EXPECT_FALSE(is_managed(foreign));
    { auto ref = FrameRef::of(foreign); auto other = ref; }
    { auto ref = FrameRef::of(foreign); }
    EXPECT_EQ(memory_use().free, free);
}

TEST_F(FrameTest, RandomBlocksNeverOverlap) {
    std::mt19937 random(1);
    struct Block { Frame* frame; unsigned order; };
    std::vector<Block> held;
    u64 total = memory_use().free;
    for (int i = 0; i < 20000; ++i) {
        if (random() % 2 && !held.empty()) {
            auto at = random() % held.size();
            auto [frame, order] = held[at];
            auto* word = reinterpret_cast<u64*>(bytes_of_frame(*frame));
            auto* last = word + (page_size << order) / 8 - 1;
            ASSERT_EQ(*word, address_of(*frame).value);
            ASSERT_EQ(*last, address_of(*frame).value + order);
            release(*frame);
            held[at] = held.back();
            held.pop_back();
        } else {
            unsigned order = random() % 4 ? 0 : random() % 7;
            auto frame = allocate_frames(order);
            if (!frame) continue;
            auto* word = reinterpret_cast<u64*>(bytes_of_frame(**frame));
            *word = address_of(**frame).value;
            word[(page_size << order) / 8 - 1] = address_of(**frame).value + order;
            held.push_back({*frame, order});
        }
    }
    for (auto& block : held) release(*block.frame);
    EXPECT_EQ(memory_use().free, total);
}

TEST_F(FrameTest, SplitBlocksAreFreedOneByOne) {
    u64 free = memory_use().free;
    auto block = allocate_frames(5);
    ASSERT_TRUE(block);
    split_block(**block);
    for (unsigned i = 0; i < 32; ++i) release((*block)[i]);
    EXPECT_EQ(memory_use().free, free);
}

TEST_F(FrameTest, GivesIdleBlocksAwayOnceAndTakesThemBack) {
    EXPECT_EQ(take_idle_block(), nullptr) << "what nobody used is the host's already";
    auto use = memory_use();
    std::vector<Frame*> frames;
    while (auto frame = allocate_frames()) frames.push_back(*frame);
    EXPECT_EQ(take_idle_block(), nullptr);
    for (auto* frame : frames) release(*frame);
    std::set<Frame*> idle;
    while (auto* block = take_idle_block()) {
        EXPECT_EQ(block->order, max_order);
        EXPECT_TRUE(idle.insert(block).second) << "it was taken before";
        put_idle_block(*block, true);
    }
    EXPECT_GE(idle.size(), 7u);
    EXPECT_EQ(memory_use().free, use.free);
    std::size_t again = 0;
    while (auto frame = allocate_frames()) frames[again++] = *frame;
    EXPECT_EQ(again, frames.size());
    for (auto* frame : frames) release(*frame);
    auto* block = take_idle_block();
    ASSERT_TRUE(block);
    put_idle_block(*block, false);
    EXPECT_EQ(take_idle_block(), block) << "nobody wanted it";
    put_idle_block(*block, true);
    std::vector<Frame*> blocks;
    while (auto large = allocate_frames(max_order)) blocks.push_back(*large);
    EXPECT_GE(blocks.size(), 7u);
    for (auto* large : blocks) release(*large);
    EXPECT_EQ(memory_use().free, use.free);
}

TEST_F(FrameTest, FailsTheAllocationThatATestAsksFor) {
    fail_allocation(2);
    auto first = allocate_frames();
    EXPECT_TRUE(first);
    EXPECT_EQ(allocate_frames().error(), Error::no_memory);
    auto third = allocate_zeroed_frames();
    ASSERT_TRUE(third);
    for (unsigned i = 0; i < page_size; ++i) ASSERT_EQ(bytes_of_frame(**third)[i], std::byte{0});
}

TEST_F(FrameTest, AsksTheReclaimerBeforeItFails) {
    static std::vector<Frame*> spare;
    spare.clear();
    while (auto frame = allocate_frames()) spare.push_back(*frame);
    set_reclaimer([](u64 frames) -> u64 {
        u64 given = 0;
        for (; given < frames && !spare.empty(); ++given) release(*spare.back()), spare.pop_back();
        return given;
    });
    EXPECT_TRUE(allocate_frames());
    set_reclaimer(nullptr);
}

TEST_F(FrameTest, DoubleReleaseIsCaught) {
    auto frame = allocate_frames();
    release(**frame);
    EXPECT_DEATH(release(**frame), "panic");
}

}  // namespace
}  // namespace spore::memory
