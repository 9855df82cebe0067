#include "kernel/memory/page_tree.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

namespace spore::memory {
namespace {

class PageTreeTest : public testing::Test {
protected:
    ~PageTreeTest() override { tree.remove_if(0, ~u64{0}, [](u64, Frame&) { return true; }); }
    std::vector<u64> remove(u64 first, u64 end) {
        std::vector<u64> removed;
        tree.remove_if(first, end, [&](u64 index, Frame&) { return removed.push_back(index), true; });
        return removed;
    }
    using Indices = std::vector<u64>;

    Frame frames[64] = {};
    PageTree tree;
};

TEST_F(PageTreeTest, WhatLiesBeforeTheRangeStays) {
    for (u64 only : {u64{0}, u64{31}, u64{32}, u64{1} << 40}) {
        ASSERT_TRUE(tree.insert(only, frames[0]));
        EXPECT_EQ(remove(only + 1, ~u64{0}), Indices{}) << only;
        EXPECT_EQ(remove(0, only), Indices{}) << only;
        EXPECT_EQ(tree.find(only), &frames[0]) << only;
        EXPECT_EQ(remove(only, only + 1), Indices{only});
        EXPECT_EQ(tree.find(only), nullptr) << only;
    }
}

TEST_F(PageTreeTest, TheHighestIndexIsOneToo) {
    constexpr u64 highest = ~u64{0} - 1;  // an end has to follow it
    ASSERT_TRUE(tree.insert(highest, frames[0]));
    ASSERT_TRUE(tree.insert(0, frames[1]));
    EXPECT_EQ(tree.find(highest), &frames[0]);
    EXPECT_EQ(remove(1, ~u64{0}), Indices{highest});
    EXPECT_EQ(tree.find(0), &frames[1]);
}

TEST_F(PageTreeTest, DoesWhatAMapDoes) {
    for (unsigned seed = 0; seed < 20; ++seed) {
        std::mt19937_64 random(seed);
        std::map<u64, Frame*> model;
        auto pick = [&] { return random() >> (random() % 4 * 14 + 20) % 64; };
        for (unsigned step = 0; step < 2000; ++step) {
            u64 index = pick() % (u64{1} << random() % 44);
            if (random() % 3) {
                Frame& frame = frames[random() % std::size(frames)];
                if (!model.emplace(index, &frame).second) continue;
                ASSERT_TRUE(tree.insert(index, frame));
            } else {
                u64 end = index + 1 + (random() % 2 ? 0 : pick() % 100'000);
                Indices expected;
                for (auto it = model.lower_bound(index); it != model.end() && it->first < end; it = model.erase(it)) expected.push_back(it->first);
                ASSERT_EQ(remove(index, end), expected) << "seed " << seed << ", step " << step;
            }
            auto it = model.lower_bound(index);
            ASSERT_EQ(tree.find(index), it != model.end() && it->first == index ? it->second : nullptr);
            ASSERT_EQ(tree.next(index, PageTree::Slot::used), it != model.end() ? it->first : PageTree::none);
            u64 hole = index;
            for (; it != model.end() && it->first == hole; ++it) ++hole;
            ASSERT_EQ(tree.next(index, PageTree::Slot::empty), hole);
        }
        Indices all;
        for (auto& [index, frame] : model) all.push_back(index);
        ASSERT_EQ(remove(0, ~u64{0}), all);
    }
}

}  // namespace
}  // namespace spore::memory
