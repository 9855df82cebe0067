// The heap: objects never overlap, are aligned, come back, and an empty heap holds no frames.
#include "kernel/memory/heap.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

#include "kernel/memory/fault_injection.hpp"
#include "kernel/memory/frame.hpp"
#include "tests/fakes/mmu.hpp"

namespace spore::memory {
namespace {

class HeapTest : public testing::Test {
protected:
    void SetUp() override { fakes::reset_memory(32_MiB); }
    void TearDown() override { fakes::reset_memory(); }
};

TEST_F(HeapTest, RandomObjectsKeepTheirContents) {
    std::mt19937 random(7);
    struct Object { unsigned char* at; std::size_t size; unsigned char mark; };
    std::vector<Object> held;
    for (int i = 0; i < 50000; ++i) {
        if (random() % 100 < 48 && !held.empty()) {
            auto at = random() % held.size();
            auto object = held[at];
            for (std::size_t k = 0; k < object.size; k += 7) ASSERT_EQ(object.at[k], object.mark);
            deallocate(object.at);
            held[at] = held.back();
            held.pop_back();
        } else {
            std::size_t size = random() % 20 ? random() % 2100 : random() % 30000;
            std::size_t alignment = random() % 8 ? 16 : std::size_t{16} << random() % 9;
            auto* at = static_cast<unsigned char*>(allocate(size, alignment));
            if (!at) continue;
            ASSERT_TRUE(is_aligned(arch::physical(at).value, alignment));
            ASSERT_GE(usable_size(at), size);
            auto mark = static_cast<unsigned char>(random());
            std::memset(at, mark, size);
            held.push_back({at, size, mark});
        }
    }
    for (auto& object : held) deallocate(object.at);
    // What stays is at most one empty slab of each size.
    flush_local_heap_lists();
    EXPECT_LE(heap_use(), (13 + 2 * 4) * page_size);
}

TEST_F(HeapTest, SlabsInNoUseGoBack) {
    u64 free = memory_use().free;
    for (std::size_t size : {16u, 100u, 700u, 1200u, 1500u, 2048u, 5000u}) {
        std::vector<void*> objects;
        for (int i = 0; i < 1000; ++i) objects.push_back(allocate(size));
        for (auto* object : objects) { ASSERT_TRUE(object); deallocate(object); }
    }
    EXPECT_GE(memory_use().free + 7 * 8 * page_size, free);
}

TEST_F(HeapTest, NoMemoryIsNull) {
    std::vector<void*> objects;
    while (auto* object = allocate(1000)) objects.push_back(object);
    EXPECT_GT(objects.size(), 28_MiB / 1024);
    EXPECT_EQ(allocate(1 << 20), nullptr);
    EXPECT_EQ(allocate(3_MiB), nullptr);
    for (auto* object : objects) deallocate(object);
    EXPECT_TRUE(allocate(1 << 20));
    fail_allocation(1);
    EXPECT_EQ(allocate(300), nullptr);
}

TEST_F(HeapTest, ZeroBytesAreAnObjectAndNullIsNone) {
    void* object = allocate(0);
    EXPECT_TRUE(object);
    deallocate(object);
    deallocate(nullptr);
}

}  // namespace
}  // namespace spore::memory
