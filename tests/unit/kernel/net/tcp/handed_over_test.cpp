// Pages that the program lends for a send (MSG_ZEROCOPY): it hears when the peer has them.
#include <gtest/gtest.h>

#include "tests/fakes/net/tcp_script.hpp"

namespace spore::net::tcp {
namespace {

using namespace fakes;
using Pages = Connection::Pages;

bool has_error(TcpScript& s) { return any(s.connection->ready() & Ready::error); }

TEST(TcpHandOver, IsOverWhenThePeerHasTheBytes) {
    TcpScript s;
    s.open();
    auto number = s.connection->begin_hand_over();
    ASSERT_EQ(number, 0u);
    s.write(100);
    s.connection->end_hand_over(*number, 100, Pages::lent);
    s.expect(psh().seq(1).data(100));
    s.inject(ack().seq(1).ack(100));  // all but one byte
    EXPECT_FALSE(s.connection->take_finished_sends());
    EXPECT_FALSE(has_error(s));
    s.inject(ack().seq(1).ack(101));
    EXPECT_TRUE(has_error(s));
    auto told = s.connection->take_finished_sends();
    ASSERT_TRUE(told);
    EXPECT_EQ(told->first, 0u);
    EXPECT_EQ(told->last, 0u);
    EXPECT_FALSE(told->copied);
    EXPECT_FALSE(has_error(s));
    EXPECT_FALSE(s.connection->take_finished_sends());
}

TEST(TcpHandOver, OneMessageTellsOfAllThatFinishedInTheSameWay) {
    TcpScript s;
    Options options;
    options.no_delay = true;
    s.open({.options = options});
    for (u32 i = 0; i < 7; ++i) {
        auto number = s.connection->begin_hand_over();
        ASSERT_EQ(number, i);
        s.write(10);
        s.expect(psh().seq(1 + 10 * i).data(10));
        s.connection->end_hand_over(*number, 10, i < 5 ? Pages::lent : Pages::copied);
    }
    s.inject(ack().seq(1).ack(71));
    auto lent = s.connection->take_finished_sends(), copied = s.connection->take_finished_sends();
    ASSERT_TRUE(lent && copied);
    EXPECT_EQ(lent->first, 0u);
    EXPECT_EQ(lent->last, 4u);
    EXPECT_EQ(copied->first, 5u);
    EXPECT_EQ(copied->last, 6u);
    EXPECT_TRUE(copied->copied);
}

TEST(TcpHandOver, OneThatIsBeingMadeHoldsUpThoseAfterIt) {
    TcpScript s;
    s.open();
    auto first = s.connection->begin_hand_over(), second = s.connection->begin_hand_over();
    s.write(10);
    s.expect(psh().seq(1).data(10));
    s.connection->end_hand_over(*second, 10, Pages::lent);
    s.inject(ack().seq(1).ack(11));
    EXPECT_FALSE(s.connection->take_finished_sends());
    s.connection->end_hand_over(*first, 0, Pages::lent);  // it failed; its number was not the last, so it is told of
    auto told = s.connection->take_finished_sends();
    ASSERT_TRUE(told);
    EXPECT_TRUE(told->copied);
    told = s.connection->take_finished_sends();
    ASSERT_TRUE(told);
    EXPECT_EQ(told->last, 1u);
    EXPECT_FALSE(told->copied);
    auto third = s.connection->begin_hand_over();
    s.connection->end_hand_over(*third, 0, Pages::lent);
    EXPECT_EQ(s.connection->begin_hand_over(), *third);  // one that failed last has no number
}

TEST(TcpHandOver, EndsWithTheConnection) {
    TcpScript s;
    s.open();
    auto number = s.connection->begin_hand_over();
    s.write(10);
    s.expect(psh().seq(1).data(10));
    s.connection->end_hand_over(*number, 10, Pages::lent);
    s.inject(rst().seq(1));
    EXPECT_TRUE(s.connection->take_finished_sends());
    EXPECT_FALSE(s.connection->begin_hand_over());
}

}  // namespace
}  // namespace spore::net::tcp
