// Several threads on several simulated CPUs at the same pages.
#include <gtest/gtest.h>

#include <map>

#include "kernel/task/thread.hpp"
#include "tests/fakes/cpu.hpp"
#include "tests/fakes/threads.hpp"
#include "tests/unit/kernel/memory/program.hpp"

namespace spore::memory {
namespace {

/// A source whose pages take a while.
struct SlowSource final : PageSource {
    std::map<u64, int> loads;
    bool fails_first = false;
    Result<FrameRef> load_page(u64 index) override {
        int load = ++loads[index];
        for (int i = 0; i < 5; ++i) task::yield();
        if (fails_first && load == 1) return fail(Error::io);
        auto frame = FrameRef::adopt(TRY(allocate_zeroed_frames()));
        frame.bytes()[0] = static_cast<std::byte>(load);
        return frame;
    }
};

TEST(MemoryConcurrency, APageIsLoadedOnceForAllWhoWait) {
    for (u64 seed = 0; seed < 10; ++seed) {
        EXPECT_TRUE(fakes::simulate({.cpus = 3, .seed = seed}, [] {
            SlowSource source;
            PageCache cache(source, PageCache::Keep::always);
            fakes::Join join;
            for (int i = 0; i < 8; ++i) fakes::spawn(join, [&] {
                auto page = cache.get(5);
                ASSERT_TRUE(page);
                EXPECT_EQ(page->get(), cache.find(5).get());
            });
            join.wait();
            EXPECT_EQ(source.loads[5], 1);
        })) << seed;
    }
}

TEST(MemoryConcurrency, AFailedLoadIsTriedAgainByThoseWhoWait) {
    EXPECT_TRUE(fakes::simulate({.cpus = 2, .seed = 1}, [] {
        SlowSource source;
        source.fails_first = true;
        PageCache cache(source, PageCache::Keep::always);
        fakes::Join join;
        int failures = 0;
        for (int i = 0; i < 4; ++i) fakes::spawn(join, [&] { failures += !cache.get(5); });
        join.wait();
        EXPECT_EQ(failures, 1);
        EXPECT_EQ(source.loads[5], 2);
    }));
}

TEST(MemoryConcurrency, WhatIsDroppedWhileItIsLoadedIsLoadedAnew) {
    EXPECT_TRUE(fakes::simulate({}, [] {
        SlowSource source;
        PageCache cache(source, PageCache::Keep::always);
        fakes::Join join;
        fakes::spawn(join, [&] { EXPECT_EQ(cache.get(5)->bytes()[0], std::byte{2}); });
        task::yield();
        EXPECT_EQ(source.loads[5], 1);
        cache.drop(0);
        join.wait();
    }));
}

TEST(MemoryConcurrency, FaultsDropsAndUnmappingsMix) {
    for (u64 seed = 0; seed < 20; ++seed) {
        EXPECT_TRUE(fakes::simulate({.cpus = 4, .seed = seed}, [] {
            auto file = tests::TestFile::create(32 * page_size);
            auto space = *AddressSpace::create();
            fakes::Join join;
            for (int thread = 0; thread < 4; ++thread) fakes::spawn(join, [&] {
                for (int round = 0; round < 20; ++round) {
                    auto at = space->map({.size = 32 * page_size, .access = {.read = true, .write = true}, .object = file});
                    ASSERT_TRUE(at);
                    for (u64 i = 0; i < 32; i += 5) {
                        bool write = i % 2;
                        EXPECT_EQ(space->handle_fault(*at + i * page_size, {.read = true, .write = write}), FaultOutcome::served);
                    }
                    EXPECT_TRUE(space->unmap(*at, 32 * page_size));
                }
            });
            fakes::spawn(join, [&] {
                for (int round = 0; round < 40; ++round) {
                    file->pages().drop(fakes::random() % 32);
                    task::yield();
                }
            });
            join.wait();
            EXPECT_EQ(space->use().resident_bytes, 0u);
        })) << seed;
    }
}

}  // namespace
}  // namespace spore::memory
