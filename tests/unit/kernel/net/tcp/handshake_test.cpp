// How connections begin [RFC 9293 3.5, 3.10.7.2 to 3.10.7.4].
#include <gtest/gtest.h>

#include "tests/fakes/net/tcp_script.hpp"

namespace spore::net::tcp {
namespace {

using namespace fakes;

TEST(TcpHandshake, AcceptsAConnection) {
    for (bool v4 : {true, false}) {
        TcpScript s({.v4 = v4, .device = {}});
        s.listen();
        s.inject(syn().seq(0).win(1000).mss(1400));
        s.expect(syn_ack().seq(0).ack(1).win(65535).mss(v4 ? 1460 : 1440).no_ts());
        EXPECT_EQ(s.listener->waiting(), 0u);
        s.at(10_ms).inject(ack().seq(1).ack(1).win(1000));
        s.accept();
        EXPECT_EQ(s.connection->state(), State::established);
        EXPECT_EQ(s.connection->remote(), (Endpoint{s.peer(), s.peer_port, 0}));
        EXPECT_EQ(s.connection->info().send_mss, 1400u);
        s.expect_nothing();
    }
}

TEST(TcpHandshake, AnswersOnlyTheOptionsThatTheSynHas) {
    TcpScript s;
    s.listen();
    s.inject(syn().seq(0).win(1000).mss(1460).scale(3).sack_ok().ts(77, 0));
    s.expect(syn_ack().seq(0).ack(1).mss(1460).scale(7).sack_ok().ts(s.last_stamp(), 77));
    s.next_connection();
    s.listen();
    s.inject(syn().seq(0).win(1000));
    auto seen = s.expect(syn_ack().seq(0).ack(1).no_ts());
    EXPECT_FALSE(seen.scale_option);
    s.inject(ack().seq(1).ack(1));
    s.accept();
    EXPECT_EQ(s.connection->info().send_mss, 536u);  // [RFC 9293 3.7.1]
}

TEST(TcpHandshake, Connects) {
    for (bool v4 : {true, false}) {
        TcpScript s({.v4 = v4, .device = {}});
        s.connect();
        auto seen = s.expect(syn().seq(0).win(65535).mss(v4 ? 1460 : 1440).scale(7).sack_ok());
        EXPECT_TRUE(seen.stamp);
        EXPECT_FALSE(any(s.connection->ready() & Ready::out));
        StreamSource source(0);
        EXPECT_EQ(s.connection->send(source, 1, SendFlags::none).error(), Error::in_progress);
        s.at(10_ms).inject(syn_ack().seq(0).ack(1).win(2000).mss(1460));
        s.expect(ack().seq(1).ack(1).no_ts());
        EXPECT_EQ(s.connection->state(), State::established);
        EXPECT_TRUE(any(s.connection->ready() & Ready::out));
        EXPECT_EQ(s.connection->info().send_window, 2000u);
        EXPECT_NEAR(s.connection->info().rtt_us, 10'000u, 100);
    }
}

TEST(TcpHandshake, SendsItsSynAgainAndGivesUp) {
    TcpScript s;
    Options options;
    options.syn_retries = 3;
    s.connect(options);
    s.expect(syn().seq(0).sack_ok());
    s.at(1_s).expect(syn().seq(0).sack_ok());  // [RFC 6298 2.1, 5.5]
    s.at(3_s).expect(syn().seq(0).sack_ok());
    s.at(7_s).expect(syn().seq(0).sack_ok());
    s.at(14_s).expect_nothing();
    EXPECT_EQ(s.connection->state(), State::syn_sent);
    s.at(16_s).expect_nothing();
    EXPECT_EQ(s.connection->take_error().error(), Error::timed_out);
    EXPECT_EQ(s.connection->state(), State::closed);
}

TEST(TcpHandshake, WaitsLongerWhereASynWasLostAndNothingIsKnown) {
    TcpScript s;
    s.connect();
    s.expect(syn().seq(0).sack_ok());
    s.at(1_s).expect(syn().seq(0).sack_ok());
    s.after(10_ms).inject(syn_ack().seq(0).ack(1).mss(1460));  // to which of the two
    s.expect(ack().seq(1).ack(1));
    s.write(100);
    s.expect(psh().seq(1).data(100));
    s.after(2900_ms).expect_nothing();
    s.after(101_ms);  // [RFC 6298 5.7]
    s.expect_before(psh().seq(1).data(100));
    s.inject(ack().seq(1).ack(101));
}

TEST(TcpHandshake, AnEchoTellsWhichSynWasAnswered) {
    TcpScript s;
    s.connect();
    s.expect(syn().seq(0).sack_ok());
    s.at(1_s).expect(syn().seq(0).sack_ok());
    u32 sent = s.last_stamp();
    s.after(20_ms).inject(syn_ack().seq(0).ack(1).mss(1460).ts(s.peer_clock(), sent));
    s.take();
    EXPECT_NEAR(s.connection->info().rtt_us, 20'000u, 1100);
}

TEST(TcpHandshake, SendsItsSynAckAgainAndForgets) {
    TcpScript s;
    s.listen();
    s.inject(syn().seq(0).win(1000));
    s.expect(syn_ack().seq(0).ack(1));
    for (auto when : {1, 3, 7, 15, 31}) {
        s.at(Duration::seconds(when) + 300_ms);
        s.expect_before(syn_ack().seq(0).ack(1));
    }
    s.at(70_s).expect_nothing();
    s.inject(ack().seq(1).ack(1));
    s.expect(rst().seq(1));
}

TEST(TcpHandshake, AnswersADoubledSynOnceInAWhile) {
    TcpScript s;
    s.listen();
    s.inject({syn().seq(0).win(1000), syn().seq(0).win(1000)});
    s.expect(syn_ack().seq(0).ack(1));
    s.expect_nothing();
    s.at(300_ms).inject(syn().seq(0).win(1000));
    s.expect(syn_ack().seq(0).ack(1));
}

TEST(TcpHandshake, IsRefused) {
    TcpScript s;
    s.connect();
    s.expect(syn().seq(0).sack_ok());
    s.inject(rst_ack().seq(0).ack(2));  // of what was never sent
    EXPECT_EQ(s.connection->state(), State::syn_sent);
    s.inject(rst().seq(0));             // acknowledges nothing
    EXPECT_EQ(s.connection->state(), State::syn_sent);
    s.inject(rst_ack().seq(0).ack(1));
    EXPECT_EQ(s.connection->state(), State::closed);
    EXPECT_EQ(s.connection->take_error().error(), Error::connection_refused);
    EXPECT_TRUE(s.connection->take_error());
    s.expect_nothing();
}

TEST(TcpHandshake, RefusesWhatNobodyTakes) {
    TcpScript s;
    s.inject(syn().seq(0));
    s.expect(rst_ack().seq(0).ack(1));  // [RFC 9293 3.10.7.1]
    s.inject(syn().seq(0).data(10));
    s.expect(rst_ack().seq(0).ack(11));
    s.inject(ack().seq(5).ack(77));
    s.expect(rst().seq(77));
    s.inject(rst().seq(5));
    s.inject(rst_ack().seq(5).ack(77));
    s.expect_nothing();
}

TEST(TcpHandshake, AListenerRefusesAcknowledgementsOfNothing) {
    TcpScript s;
    s.listen();
    s.inject(ack().seq(1).ack(1));
    s.expect(rst().seq(1));
    s.inject(syn_ack().seq(1).ack(1));
    s.expect(rst().seq(1));
    s.inject(rst().seq(1));
    s.inject(fin_ack().seq(1).ack(1));
    s.expect(rst().seq(1));
    s.expect_nothing();
}

TEST(TcpHandshake, ARequestMindsWhatIsAcknowledged) {
    TcpScript s;
    s.listen();
    s.inject(syn().seq(0).win(1000));
    s.expect(syn_ack().seq(0).ack(1));
    s.inject(ack().seq(1).ack(2));       // never sent [3.10.7.4, fifth]
    s.expect(rst().seq(2));
    s.inject(rst().seq(2));              // not the next one [RFC 5961 3.2]
    s.at(10_ms).inject(psh().seq(1).ack(1).data(100));
    s.accept();
    s.read(100);
}

TEST(TcpHandshake, ARequestEndsWithReset) {
    TcpScript s;
    s.listen();
    s.inject(syn().seq(0).win(1000));
    s.expect(syn_ack().seq(0).ack(1));
    s.inject(rst().seq(1));
    s.inject(ack().seq(1).ack(1));
    s.expect(rst().seq(1));
    EXPECT_FALSE(s.listener->accept());
}

TEST(TcpHandshake, OldAcknowledgementsInSynSentAreReset) {
    TcpScript s;
    s.connect();
    s.expect(syn().seq(0).sack_ok());
    s.inject(syn_ack().seq(0).ack(77));  // half-open discovery [3.5.1]
    s.expect(rst().seq(77));
    s.inject(ack().seq(0).ack(77));
    s.expect(rst().seq(77));
    s.inject(syn_ack().seq(0).ack(1));
    s.expect(ack().seq(1).ack(1));
    EXPECT_EQ(s.connection->state(), State::established);
}

TEST(TcpHandshake, BothBeginAtOnce) {
    TcpScript s;
    s.connect();
    s.expect(syn().seq(0).sack_ok());
    s.at(5_ms).inject(syn().seq(0).win(3000).mss(1000));
    s.expect(syn_ack().seq(0).ack(1).mss(1460));
    EXPECT_EQ(s.connection->state(), State::syn_received);
    s.at(10_ms).inject(syn_ack().seq(0).ack(1).win(3000).mss(1000));  // [RFC 9293 3.5 figure 7]
    EXPECT_EQ(s.connection->state(), State::established);
    for (auto& seg : s.take()) EXPECT_EQ(seg.flags, 0x10) << to_string(seg);
    s.write(100);
    s.expect(psh().seq(1).ack(1).data(100));
    s.inject(psh().seq(1).ack(101).data(50));
    s.read(50);
}

TEST(TcpHandshake, BothBeginAtOnceAndOnlyAcknowledge) {
    TcpScript s;
    s.connect();
    s.expect(syn().seq(0).sack_ok());
    s.inject(syn().seq(0).win(3000));
    s.expect(syn_ack().seq(0).ack(1));
    s.at(1100_ms);
    s.expect_before(syn_ack().seq(0).ack(1));
    s.inject(ack().seq(1).ack(1).win(3000));
    EXPECT_EQ(s.connection->state(), State::established);
    s.expect_nothing();
}

TEST(TcpHandshake, TakesDataAndFinWithItsLastSegment) {
    TcpScript s;
    s.listen();
    s.inject(syn().seq(0).win(1000));
    s.expect(syn_ack().seq(0).ack(1));
    s.inject(fin_ack().seq(1).ack(1).data(20));
    s.accept();
    s.read(20);
    EXPECT_EQ(s.read_end(), 0u);
    EXPECT_EQ(s.connection->state(), State::close_wait);
    s.expect(ack().seq(1).ack(22));
}

TEST(TcpHandshake, TheSynAckMayCarryData) {
    TcpScript s;
    s.connect();
    s.expect(syn().seq(0).sack_ok());
    s.inject(syn_ack().seq(0).ack(1).data(30));
    s.expect(ack().seq(1).ack(31));
    s.read(30);
}

TEST(TcpHandshake, AFullQueueLetsThePeerTryAgain) {
    TcpScript s;
    s.listen({}, 0);
    s.inject(syn().seq(0).win(1000));
    s.expect(syn_ack().seq(0).ack(1));
    s.inject(ack().seq(1).ack(1));
    EXPECT_EQ(s.listener->waiting(), 1u);
    u16 first = s.peer_port;
    ++s.peer_port;
    s.inject(syn().seq(0).win(1000));
    s.expect_nothing();
    EXPECT_EQ(s.stack.drops(Drop::backlog_full), 1u);
    s.accept();
    s.inject(syn().seq(0).win(1000));
    EXPECT_EQ(s.take().size(), 1u);
    s.inject(rst().seq(1));
    s.peer_port = first;
}

TEST(TcpHandshake, ClosingTheListenerResetsWhoWaits) {
    TcpScript s;
    s.listen();
    s.inject(syn().seq(0).win(1000));
    s.expect(syn_ack().seq(0).ack(1));
    s.inject(ack().seq(1).ack(1));
    s.listener->close();
    s.expect(rst_ack().seq(1).ack(1));
}

TEST(TcpHandshake, DefersTheProgramUntilThereIsData) {
    TcpScript s;
    Options options;
    options.defer_accept = 5_s;
    s.listen(options);
    s.inject(syn().seq(0).win(1000));
    s.expect(syn_ack().seq(0).ack(1));
    s.inject(ack().seq(1).ack(1));
    EXPECT_EQ(s.listener->waiting(), 0u);
    s.inject(psh().seq(1).ack(1).data(10));
    s.accept();
    s.read(10);
}

/// [RFC 6528]: for one pair of endpoints numbers grow with time; another pair's say nothing about them.
TEST(TcpHandshake, FirstSequenceNumbersFollowAClockAndASecret) {
    TcpScript s;
    auto first_number = [&] {
        s.connect();
        s.expect(syn().seq(0).sack_ok());
        return s.isn();
    };
    u32 one = first_number();
    s.next_connection();
    u32 other = first_number();
    EXPECT_GT(one - other + 1000, 2000u);  // a chance of 1 in two million
    s.next_connection();
    s.listen();
    s.inject(syn().seq(0));
    s.expect(syn_ack());
    u32 accepted = s.isn();
    s.inject(rst().seq(1));
    s.at(1_s);
    s.next_incarnation(7);
    s.inject(syn().seq(0));
    s.expect(syn_ack());
    EXPECT_NEAR(static_cast<double>(s.isn() - accepted), 1e9 / 64, 1000);
    s.inject(rst().seq(1));
}

}  // namespace
}  // namespace spore::net::tcp
