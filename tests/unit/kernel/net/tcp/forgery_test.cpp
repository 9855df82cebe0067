// What strangers may try on a connection [RFC 5961, RFC 9293 3.10.7.4].
#include <gtest/gtest.h>

#include "tests/fakes/net/tcp_script.hpp"

namespace spore::net::tcp {
namespace {

using namespace fakes;

class TcpForgery : public testing::Test {
protected:
    TcpForgery() {
        s.open();
        s.write(1000);
        s.expect(psh().seq(1).data(1000));
        s.inject(ack().seq(1).ack(1001));
    }
    ~TcpForgery() override { EXPECT_EQ(s.connection->state(), expected); }
    TcpScript s;
    State expected = State::established;
};

TEST_F(TcpForgery, AResetMustBeTheVeryNext) {
    s.inject(rst().seq(100));  // in the window [3.2]
    s.expect(ack().seq(1001).ack(1));
    s.at(2_s).inject(rst().seq(70'000));  // outside
    s.inject(rst().seq(0));
    s.expect_nothing();
    s.inject(rst().seq(1));
    EXPECT_EQ(s.connection->take_error().error(), Error::connection_reset);
    expected = State::closed;
}

TEST_F(TcpForgery, ASynIsChallenged) {
    s.inject(syn().seq(500));  // [4.2]
    s.expect(ack().seq(1001).ack(1));
    s.at(2_s).inject(syn().seq(90'000));
    s.expect(ack().seq(1001).ack(1));
    s.at(4_s).inject(syn_ack().seq(0).ack(1));  // the handshake's, late
    s.take();
}

TEST_F(TcpForgery, AcknowledgementsMustBePlausible) {
    s.inject(psh().seq(1).ack(1002).data(10));  // of what was never sent [5.2]
    s.expect(ack().seq(1001).ack(1));
    s.at(2_s).inject(psh().seq(1).ack(1001 - 70'000).data(10));  // older than any window
    s.expect(ack().seq(1001).ack(1));
    EXPECT_EQ(s.connection->receivable(), 0u);
    s.inject(psh().seq(1).ack(900).data(10));  // old, but may be
    EXPECT_EQ(s.connection->receivable(), 10u);
}

TEST_F(TcpForgery, ChallengesAreFew) {
    for (int i = 0; i < 20; ++i) s.inject(rst().seq(100 + i));
    EXPECT_EQ(s.take().size(), 1u);  // [7]
    EXPECT_EQ(s.stack.drops(Drop::rate_limit), 19u);
}

TEST_F(TcpForgery, NothingOutsideTheWindowIsTaken) {
    s.inject(psh().seq(70'000).ack(1001).data(10));
    s.expect(ack().seq(1001).ack(1));
    s.inject(psh().seq(0).ack(1001).data(1));  // a probe, as some keep-alives are
    s.expect(ack().seq(1001).ack(1));
    s.inject(ack().seq(0).ack(1001));
    s.expect(ack().seq(1001).ack(1));
    EXPECT_EQ(s.connection->receivable(), 0u);
}

TEST_F(TcpForgery, SegmentsWithoutAcknowledgementAreNothing) {
    s.inject(Seg{.flags = 0}.seq(1).data(10));
    s.inject(Seg{.flags = 0x01}.seq(1));
    EXPECT_EQ(s.connection->receivable(), 0u);
    s.expect_nothing();
}

TEST_F(TcpForgery, DamagedOnesAreNothing) {
    s.inject(psh().seq(1).ack(1001).data(10).damage());
    s.inject(rst().seq(1).damage());
    EXPECT_EQ(s.stack.drops(Drop::checksum), 2u);
    s.expect_nothing();
}

TEST_F(TcpForgery, OverlapsAreCutToWhatIsNew) {
    s.inject(psh().seq(1).ack(1001).data(100));
    s.inject(psh().seq(51).ack(1001).data(100));
    EXPECT_EQ(s.connection->receivable(), 150u);
    s.read(150);
    s.inject(psh().seq(151).ack(1001).data(1000));
    s.inject(psh().seq(70'000 - 500).ack(1001).data(1000));
    s.read(1000);
    s.take();
}

TEST_F(TcpForgery, OldBytesDoNotMakeAResetTheVeryNext) {
    s.inject(psh().seq(1).ack(1001).data(1000));
    s.inject(rst().seq(500).data(600));  // a thousand numbers in one guess
    s.read(1000);
    EXPECT_TRUE(s.connection->take_error());
    s.take();
}

TEST(TcpForgeryOfTimestamps, AGuessedSequenceNumberDoesNotSetTheClock) {
    TcpScript s;
    s.open({.timestamps = true});
    u32 clock = s.peer_clock();
    s.inject(ack().seq(1).ack(5'000'000).ts(clock + 0x7000'0000, 0));  // acknowledges what was never sent
    s.inject(psh().seq(1).ack(1).data(100));
    s.read(100);
    s.take();
}

}  // namespace
}  // namespace spore::net::tcp
