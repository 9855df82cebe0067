// How connections end [RFC 9293 3.6, 3.10.7.4; RFC 2525 2.17].
#include <gtest/gtest.h>

#include "tests/fakes/net/tcp_script.hpp"

namespace spore::net::tcp {
namespace {

using namespace fakes;

u32 time_waits() {
    u32 count = 0;
    for_each([](void* context, const Summary& one) { *static_cast<u32*>(context) += one.state == State::time_wait; }, &count);
    return count;
}

TEST(TcpClose, FirstAndThePeerLater) {
    TcpScript s;
    s.open();
    ASSERT_TRUE(s.connection->shut_writing());
    s.expect(fin_ack().seq(1).ack(1));
    EXPECT_EQ(s.connection->state(), State::fin_wait_1);
    StreamSource source(0);
    EXPECT_EQ(s.connection->send(source, 1, SendFlags::none).error(), Error::broken_pipe);
    s.inject(ack().seq(1).ack(2));
    EXPECT_EQ(s.connection->state(), State::fin_wait_2);
    s.inject(psh().seq(1).ack(2).data(100));  // half closed: data still comes
    s.read(100);
    s.at(1_s);
    s.take();
    s.inject(fin_ack().seq(101).ack(2));
    s.expect(ack().seq(2).ack(102));
    EXPECT_EQ(s.read_end(), 0u);
    EXPECT_EQ(time_waits(), 1u);
    s.at(30_s).inject(fin_ack().seq(101).ack(2));  // our acknowledgement was lost: another minute
    s.expect(ack().seq(2).ack(102));
    s.at(80_s);
    EXPECT_EQ(time_waits(), 1u);
    s.at(92_s);
    EXPECT_EQ(time_waits(), 0u);
}

TEST(TcpClose, ThePeerFirst) {
    TcpScript s;
    s.open();
    s.inject(fin_ack().seq(1).ack(1).data(10));
    s.expect(ack().seq(1).ack(12));
    EXPECT_EQ(s.connection->state(), State::close_wait);
    EXPECT_TRUE(any(s.connection->ready() & Ready::read_hang_up));
    s.read(10);
    EXPECT_EQ(s.read_end(), 0u);
    s.write(500);
    s.expect(psh().seq(1).ack(12).data(500));
    ASSERT_TRUE(s.connection->shut_writing());
    s.expect(fin_ack().seq(501).ack(12));
    EXPECT_EQ(s.connection->state(), State::last_ack);
    s.inject(ack().seq(12).ack(501));
    EXPECT_EQ(s.connection->state(), State::last_ack);
    s.inject(ack().seq(12).ack(502));
    EXPECT_EQ(s.connection->state(), State::closed);
    EXPECT_TRUE(s.connection->take_error());
    EXPECT_EQ(time_waits(), 0u);
    s.inject(ack().seq(12).ack(502));
    s.expect(rst().seq(502));
}

TEST(TcpClose, BothAtOnce) {
    TcpScript s;
    s.open();
    ASSERT_TRUE(s.connection->shut_writing());
    s.expect(fin_ack().seq(1).ack(1));
    s.inject(fin_ack().seq(1).ack(1));
    s.expect(ack().seq(2).ack(2));
    EXPECT_EQ(s.connection->state(), State::closing);
    s.inject(ack().seq(2).ack(2));
    EXPECT_EQ(time_waits(), 1u);
}

TEST(TcpClose, OneSegmentAcknowledgesAndFinishes) {
    TcpScript s;
    s.open();
    s.write(10);
    s.expect(psh().seq(1).data(10).ack(1));
    ASSERT_TRUE(s.connection->shut_writing());
    s.expect(fin_ack().seq(11).ack(1));
    s.inject(fin_ack().seq(1).ack(12).data(5));
    s.expect(ack().seq(12).ack(7));
    EXPECT_EQ(time_waits(), 1u);
    s.read(5);
    EXPECT_EQ(s.read_end(), 0u);
}

TEST(TcpClose, TheFinTravelsWithTheLastData) {
    TcpScript s;
    s.open();
    s.set_options([](Options& options) { options.cork = true; });
    s.write(100);
    s.expect_nothing();
    ASSERT_TRUE(s.connection->shut_writing());
    s.expect(fin_ack().seq(1).ack(1).data(100));
    s.at(400_ms).take();
    s.inject(ack().seq(1).ack(51));  // a part of it
    s.inject(ack().seq(1).ack(102));
    EXPECT_EQ(s.connection->state(), State::fin_wait_2);
}

TEST(TcpClose, SendsItsFinAgain) {
    TcpScript s;
    s.open();
    ASSERT_TRUE(s.connection->shut_writing());
    s.expect(fin_ack().seq(1).ack(1));
    s.at(220_ms).expect(fin_ack().seq(1).ack(1));  // RTO = RTT + 200 ms
    s.at(640_ms).expect(fin_ack().seq(1).ack(1));
    s.inject(ack().seq(1).ack(2));
    EXPECT_EQ(s.connection->state(), State::fin_wait_2);
}

TEST(TcpClose, AnEarlyFinWaitsForWhatIsMissing) {
    TcpScript s;
    s.open();
    ASSERT_TRUE(s.connection->shut_writing());
    s.expect(fin_ack().seq(1).ack(1));
    s.inject(ack().seq(1).ack(2));
    s.inject(fin_ack().seq(101).ack(2).data(100));
    s.expect(ack().seq(2).ack(1));
    EXPECT_EQ(s.connection->state(), State::fin_wait_2);
    s.inject(psh().seq(1).ack(2).data(100));  // completes it all, and the connection ends here
    s.expect(ack().seq(2).ack(202));
    EXPECT_EQ(time_waits(), 1u);
    s.read(200);
    EXPECT_EQ(s.read_end(), 0u);
}

TEST(TcpClose, UnreadDataIsToldByReset) {
    TcpScript s;
    s.open();
    s.inject(psh().seq(1).ack(1).data(10));
    s.connection->close();
    s.connection = nullptr;
    s.expect(rst_ack().seq(1).ack(11));
    s.expect_nothing();
}

TEST(TcpClose, DataForNobodyIsAnsweredByReset) {
    TcpScript s;
    s.open();
    s.connection->close();
    s.connection = nullptr;
    s.expect(fin_ack().seq(1).ack(1));
    s.inject(ack().seq(1).ack(2));
    s.inject(psh().seq(1).ack(2).data(10));
    auto seen = s.take();
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_TRUE(seen[0].has(4)) << to_string(seen[0]);
    EXPECT_EQ(seen[0].sequence, 2u);
}

TEST(TcpClose, LingerOfNoTimeResets) {
    TcpScript s;
    s.open();
    s.write(10);
    s.expect(psh().seq(1).data(10));
    s.close();
    s.expect(rst_ack().seq(11).ack(1));
    s.inject(ack().seq(1).ack(11));
    s.expect(rst().seq(11));
}

TEST(TcpClose, ClosingSendsWhatWaitsFirst) {
    TcpScript s;
    s.open({.win = 1000});
    s.write(3000);
    s.expect(ack().seq(1).data(1000));
    s.connection->close();
    s.expect_nothing();
    s.inject(ack().seq(1).ack(1001).win(5000));
    s.expect(ack().seq(1001).data(1460));
    s.expect(fin_ack().seq(2461).data(540));
    s.inject(ack().seq(1).ack(3002).win(5000));
    s.inject(fin_ack().seq(1).ack(3002));
    s.expect(ack().seq(3002).ack(2));
    EXPECT_TRUE(s.connection->drained());
    EXPECT_EQ(time_waits(), 1u);
}

TEST(TcpClose, AFinThatFindsTheWindowClosedProbesIt) {
    TcpScript s;
    s.open({.win = 0});
    ASSERT_TRUE(s.connection->shut_writing());
    s.expect_nothing();
    s.after(210_ms).expect(ack().seq(0).ack(1));
    s.inject(ack().seq(1).ack(1).win(1000));
    s.expect(fin_ack().seq(1).ack(1));
}

void await_fin(TcpScript& s, i16 seconds) {
    Options options;
    options.fin_wait_seconds = seconds;
    s.open({.options = options});
    s.connection->close();
    s.connection = nullptr;
    s.expect(fin_ack().seq(1).ack(1));
    s.inject(ack().seq(1).ack(2));
}

TEST(TcpClose, AnOrphanWaitsAMinuteForThePeer) {
    TcpScript s;
    await_fin(s, 60);
    s.at(59_s).expect_nothing();
    s.inject(fin_ack().seq(1).ack(2));
    s.expect(ack().seq(2).ack(2));
    EXPECT_EQ(time_waits(), 1u);
}

TEST(TcpClose, AnOrphanWaitsAsLongAsItsProgramSaid) {
    for (i16 seconds : {1, 5, 120}) {
        TcpScript s;
        await_fin(s, seconds);
        s.at(Duration::seconds(seconds)).inject(ack().seq(1).ack(2));
        s.expect_nothing();
        s.at(Duration::seconds(seconds) + 100_ms).inject(fin_ack().seq(1).ack(2));
        s.expect(rst().seq(2));  // it is gone, and waits no further
        EXPECT_EQ(time_waits(), 0u);
    }
}

TEST(TcpClose, AnOrphanThatDoesNotWaitIsGoneWithItsFin) {
    TcpScript s;
    await_fin(s, -1);
    s.expect_nothing();
    s.inject(fin_ack().seq(1).ack(2));
    s.expect(rst().seq(2));
}

TEST(TcpClose, AProgramThatWaitedForTheFinItselfTellsThePeer) {
    TcpScript s;
    Options options;
    options.fin_wait_seconds = -1;
    s.open({.options = options});
    ASSERT_TRUE(s.connection->shut_writing());
    s.expect(fin_ack().seq(1).ack(1));
    s.inject(ack().seq(1).ack(2));
    EXPECT_EQ(s.connection->state(), State::fin_wait_2);
    s.connection->close();
    s.connection = nullptr;
    s.expect(rst_ack().seq(2).ack(1));
}

TEST(TcpClose, AnOrphanGivesUpInTheEnd) {
    TcpScript s;
    s.open();
    s.connection->close();
    s.connection = nullptr;
    s.at(200_s);
    EXPECT_EQ(s.take().size(), 9u);
    s.inject(ack().seq(1).ack(2));
    s.expect(rst().seq(2));  // it is gone
}

TEST(TcpClose, ShuttingReadingIsAnEndUntilSomethingComes) {
    TcpScript s;
    s.open();
    s.connection->shut_reading();
    EXPECT_EQ(s.read_end(), 0u);
    s.inject(psh().seq(1).ack(1).data(1000));
    s.at(100_ms).take();
    s.read(1000);
    EXPECT_EQ(s.read_end(), 0u);
    s.inject(fin_ack().seq(1001).ack(1));
    s.expect(ack().seq(1).ack(1002));
    EXPECT_EQ(s.connection->state(), State::close_wait);
    EXPECT_EQ(s.read_end(), 0u);
}

TEST(TcpClose, AfterCloseWaitThePeersResetIsABrokenPipe) {
    TcpScript s;
    s.open();
    s.inject(fin_ack().seq(1).ack(1));
    s.expect(ack().seq(1).ack(2));
    s.inject(rst().seq(2));
    EXPECT_EQ(s.connection->take_error().error(), Error::broken_pipe);
}

TEST(TcpClose, AProgramThatHasGoneDoesNotWaitForAWindowForEver) {
    TcpScript s;
    s.open({.win = 0});
    s.write(1000);
    s.connection->close();
    s.connection = nullptr;
    u32 answered = 0;
    for (int i = 0; i < 600; ++i) {  // ten minutes in which every probe is answered
        s.after(1_s);
        for (auto& seg : s.take()) {
            if (seg.has(0x04)) continue;
            ++answered;
            s.inject(ack().seq(1).ack(1).win(0));
        }
    }
    EXPECT_GE(answered, 5u);
    EXPECT_LE(answered, 12u);
    s.inject(ack().seq(1).ack(1).win(0));
    s.expect(rst().seq(1));  // there is none any more
}

TEST(TcpClose, WhatComesAfterReadingWasShutIsRead) {
    TcpScript s;
    s.open();
    s.inject(psh().seq(1).ack(1).data(100));
    s.connection->shut_reading();
    EXPECT_TRUE(any(s.connection->ready() & Ready::read_hang_up));
    s.inject(psh().seq(101).ack(1).data(100));
    s.read(200);
    EXPECT_EQ(s.read_end(), 0u);
    s.write(10);
    s.take();
}

TEST(TcpClose, WhatComesAfterBothWereShutIsReset) {
    TcpScript s;
    s.open();
    s.connection->shut_reading();
    ASSERT_TRUE(s.connection->shut_writing());
    s.expect(fin_ack().seq(1).ack(1));
    s.inject(psh().seq(1).ack(2).data(10));
    s.expect(rst_ack().seq(2));
    EXPECT_EQ(s.connection->take_error().error(), Error::connection_reset);
}

}  // namespace
}  // namespace spore::net::tcp
