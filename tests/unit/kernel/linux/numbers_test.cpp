#include "kernel/linux/process/numbers.hpp"

#include <gtest/gtest.h>

#include <set>

namespace spore::linux {
namespace {

struct Holder {
    Numbers numbers;
    std::set<i32> held;
    unsigned counts = 0;

    i32 take() {
        i32 id = numbers.take([&](auto&& mark) {
            ++counts;
            for (i32 one : held) mark(one);
        });
        if (id && !held.insert(id).second) ADD_FAILURE() << id << " was given twice";
        return id;
    }
};

TEST(Numbers, GrowAndBeginAgainAboveTheFirst) {
    Holder all;
    for (i32 id = 1; id < Numbers::limit; ++id) {
        ASSERT_EQ(all.take(), id);
        if (id != 305) all.held.erase(id);
    }
    for (i32 id = 300; id < 310; ++id)
        if (id != 305) EXPECT_EQ(all.take(), id) << "305 is in use";
    EXPECT_EQ(all.numbers.last(), 309);
    EXPECT_EQ(all.counts, 1u) << "what is in use is looked through once in a round";
}

TEST(Numbers, EndWhenAllAreInUse) {
    Holder all;
    for (i32 id = 1; id < Numbers::limit; ++id) ASSERT_EQ(all.take(), id);
    EXPECT_EQ(all.take(), 0);
    EXPECT_EQ(all.take(), 0);
    all.held.erase(4711), all.held.erase(300);
    EXPECT_EQ(all.take(), 300);
    EXPECT_EQ(all.take(), 4711);
    EXPECT_EQ(all.take(), 0);
    all.held.erase(7);
    EXPECT_EQ(all.take(), 0) << "those of the first processes are not given again";
}

}  // namespace
}  // namespace spore::linux
