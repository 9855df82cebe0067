// Interrupt lines and who handles them.
#include "kernel/arch/common/trap/line_handlers.hpp"

#include <gtest/gtest.h>

namespace spore::arch {
namespace {

void count(void* counter) { ++*static_cast<int*>(counter); }
Result<void> routed() { return {}; }
Result<void> not_routed() { return fail(Error::not_found); }

TEST(LineHandlers, ShareALine) {
    LineHandlers<4> handlers;
    LineHandler *line = nullptr, *other = nullptr;
    int a = 0, b = 0, c = 0;
    EXPECT_TRUE(handlers.add(line, count, &a, routed));
    EXPECT_TRUE(handlers.add(line, count, &b, not_routed));  // it is routed already: not asked for again
    EXPECT_TRUE(handlers.add(other, count, &c, routed));
    run_handlers(line);
    run_handlers(line);
    EXPECT_EQ(a, 2);
    EXPECT_EQ(b, 2);
    EXPECT_EQ(c, 0);
}

TEST(LineHandlers, AreThereBeforeAnInterruptCanArrive) {
    LineHandlers<1> handlers;
    LineHandler* line = nullptr;
    int a = 0;
    EXPECT_TRUE(handlers.add(line, count, &a, [&] {
        run_handlers(line);
        return routed();
    }));
    EXPECT_EQ(a, 1);
}

TEST(LineHandlers, KeepNothingOfALineThatCannotBeRouted) {
    LineHandlers<2> handlers;
    LineHandler* line = nullptr;
    int a = 0, b = 0;
    for (int i = 0; i < 10; ++i) {
        auto added = handlers.add(line, count, &a, not_routed);
        ASSERT_FALSE(added);
        EXPECT_EQ(added.error(), Error::not_found);
        EXPECT_EQ(line, nullptr);
    }
    EXPECT_TRUE(handlers.add(line, count, &b, routed));
    EXPECT_TRUE(handlers.add(line, count, &b, routed));
    EXPECT_EQ(handlers.add(line, count, &a, routed).error(), Error::busy);
    run_handlers(line);
    EXPECT_EQ(a, 0);
    EXPECT_EQ(b, 2);
}

}  // namespace
}  // namespace spore::arch
