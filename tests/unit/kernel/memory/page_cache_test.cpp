// The page cache: what it holds is found again, what it does not is loaded once, and unused pages come back when memory runs out.
#include "kernel/memory/page_cache.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "kernel/memory/fault_injection.hpp"
#include "tests/fakes/mmu.hpp"

namespace spore::memory {
namespace {

struct CountingSource final : PageSource {
    std::map<u64, int> loads;
    bool broken = false;
    Result<FrameRef> load_page(u64 index) override {
        ++loads[index];
        if (broken) return fail(Error::io);
        auto frame = FrameRef::adopt(TRY(allocate_zeroed_frames()));
        *reinterpret_cast<u64*>(frame.bytes()) = index;
        return frame;
    }
};

class PageCacheTest : public testing::Test {
protected:
    void SetUp() override { fakes::reset_memory(16_MiB); }
    void TearDown() override { fakes::reset_memory(); }
    CountingSource source;
};

TEST_F(PageCacheTest, LoadsEachPageOnce) {
    PageCache cache(source, PageCache::Keep::always);
    for (u64 index : {0ul, 5ul, 31ul, 32ul, 1023ul, 1024ul, 1ul << 30, 1ul << 50, 0ul, 5ul, 1ul << 50}) {
        auto page = cache.get(index);
        ASSERT_TRUE(page);
        EXPECT_EQ(*reinterpret_cast<u64*>(page->bytes()), index);
        EXPECT_EQ(cache.find(index).get(), page->get());
    }
    for (auto& [index, count] : source.loads) EXPECT_EQ(count, 1) << index;
    EXPECT_EQ(cache.size(), 8u);
    EXPECT_FALSE(cache.find(6));
    EXPECT_FALSE(cache.find(~u64{0}));
}

TEST_F(PageCacheTest, DropsExactlyTheRange) {
    u64 free = memory_use().free;
    {
        PageCache cache(source, PageCache::Keep::always);
        std::mt19937 random(3);
        std::map<u64, bool> model;
        for (int i = 0; i < 500; ++i) {
            u64 index = random() % 3000;
            if (random() % 3) {
                ASSERT_TRUE(cache.get(index));
                model[index] = true;
            } else {
                u64 end = index + random() % 100;
                cache.drop(index, end);
                std::erase_if(model, [&](auto& entry) { return entry.first >= index && entry.first < end; });
            }
            ASSERT_EQ(cache.size(), model.size());
        }
        for (u64 index = 0; index < 3100; ++index) ASSERT_EQ(bool(cache.find(index)), model.contains(index)) << index;
        cache.drop(0);
        EXPECT_EQ(cache.size(), 0u);
        EXPECT_EQ(memory_use().free, free);
        ASSERT_TRUE(cache.get(7));
    }
    EXPECT_EQ(memory_use().free, free);
}

TEST_F(PageCacheTest, FailuresAreTheSources) {
    PageCache cache(source, PageCache::Keep::always);
    source.broken = true;
    EXPECT_EQ(cache.get(3).error(), Error::io);
    source.broken = false;
    EXPECT_TRUE(cache.get(3));
    EXPECT_EQ(source.loads[3], 2);
    fail_allocation(1);
    EXPECT_EQ(cache.get(4).error(), Error::no_memory);
    EXPECT_TRUE(cache.get(4));
}

TEST_F(PageCacheTest, UnusedCleanPagesMakeRoom) {
    PageCache cache(source, PageCache::Keep::while_memory_lasts);
    auto held = cache.get(100), dirty = cache.get(101);
    ASSERT_TRUE(held && dirty);
    PageCache::mark_dirty(**dirty);
    *dirty = FrameRef();
    for (u64 index = 0; index < 100; ++index) ASSERT_TRUE(cache.get(index));
    EXPECT_EQ(memory_use().cached, 102 * page_size);
    std::vector<FrameRef> all;
    while (auto frame = allocate_frames()) all.push_back(FrameRef::adopt(*frame));
    EXPECT_EQ(cache.size(), 2u);
    EXPECT_EQ(cache.find(100).get(), held->get());
    EXPECT_TRUE(cache.find(101));
    EXPECT_EQ(memory_use().free, 0u);
}

/// What was loaded again is not the first to go again: the search goes on where it was.
TEST_F(PageCacheTest, MakingRoomGoesRound) {
    constexpr u64 pages = 1500;
    PageCache cache(source, PageCache::Keep::while_memory_lasts);
    for (u64 index = 0; index < pages; ++index) ASSERT_TRUE(cache.get(index));
    std::vector<FrameRef> all;
    auto take_until_fewer = [&] {
        u64 before = cache.size();
        while (cache.size() == before) all.push_back(FrameRef::adopt(*allocate_frames()));
    };
    take_until_fewer();
    u64 first_gone = pages - cache.size();
    ASSERT_GT(first_gone, 0u);
    for (u64 index = 0; index < pages; ++index) EXPECT_EQ(static_cast<bool>(cache.find(index)), index >= first_gone) << index;
    while (all.size() > 1 && memory_use().free < first_gone * page_size) all.pop_back();
    for (u64 index = 0; index < first_gone; ++index) ASSERT_TRUE(cache.get(index));
    take_until_fewer();
    for (u64 index = 0; index < first_gone; ++index) EXPECT_TRUE(cache.find(index)) << index;
    EXPECT_FALSE(cache.find(first_gone));
    // And begins anew at the end.
    while (cache.size()) all.push_back(FrameRef::adopt(*allocate_frames()));
    all.clear();
    for (u64 index = 0; index < 3; ++index) ASSERT_TRUE(cache.get(index));
    while (auto frame = allocate_frames()) all.push_back(FrameRef::adopt(*frame));
    EXPECT_EQ(cache.size(), 0u);
}

TEST_F(PageCacheTest, OnlyCopiesAreKept) {
    PageCache cache(source, PageCache::Keep::always);
    for (u64 index = 0; index < 100; ++index) ASSERT_TRUE(cache.get(index));
    std::vector<FrameRef> all;
    while (auto frame = allocate_frames()) all.push_back(FrameRef::adopt(*frame));
    EXPECT_EQ(cache.size(), 100u);
}

}  // namespace
}  // namespace spore::memory
