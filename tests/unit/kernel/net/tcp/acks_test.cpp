// What the peer is told of what it has sent: acknowledgements, at once or later, and reports of gaps [RFC 9293 3.8.6.3, 5681 4.2, 2018, 2883]; and small segments of ours.
#include <gtest/gtest.h>

#include "tests/fakes/net/tcp_script.hpp"

namespace spore::net::tcp {
namespace {

using namespace fakes;

constexpr u32 mss = 1460;

TEST(TcpAcks, SmallOnesWaitForCompany) {
    TcpScript s;
    s.open();
    s.inject(psh().seq(1).ack(1).data(100));
    s.write(10);
    s.expect(psh().seq(1).ack(101).data(10));
    s.inject(ack().seq(101).ack(11));
    auto came = s.now();
    s.inject(psh().seq(101).ack(11).data(100));
    s.expect_nothing();
    s.at(came + 40_ms).expect(ack().seq(11).ack(201));
}

/// Its peer may hold back the rest until then.
TEST(TcpAcks, WhoHasNotAnsweredYetIsNotWaitedForLong) {
    TcpScript s;
    s.open();
    auto came = s.now();
    s.inject(psh().seq(1).ack(1).data(100));
    s.expect_nothing();
    s.at(came + 4_ms).expect(ack().seq(1).ack(101));
}

TEST(TcpAcks, WhoReadsAgainWaitsForMore) {
    TcpScript s;
    s.open();
    s.inject(psh().seq(1).ack(1).data(100));
    s.read(100);
    s.expect_nothing();
    EXPECT_FALSE(s.read_end());
    s.expect(ack().seq(1).ack(101));
}

TEST(TcpAcks, MessagesToWhoOnlyReadsAreAcknowledgedAtOnce) {
    TcpScript s;
    s.open();
    u32 at = 1;
    auto message = [&](Seg segment, u32 size) {
        s.inject(segment.seq(at).ack(1).data(size));
        at += size;
    };
    message(psh(), 100);
    s.after(4_ms).expect(ack().seq(1).ack(at));
    for (u32 i = 0; i < 50; ++i) {
        message(psh(), 100);
        s.expect(ack().seq(1).ack(at));
    }
    message(ack(), mss);  // more follows
    s.expect_nothing();
    message(psh(), mss);
    s.expect(ack().seq(1).ack(at));
    s.after(39_ms).write(10);  // an answer, though nothing is due
    s.expect(psh().seq(1).ack(at).data(10));
    message(psh(), 100);
    s.expect_nothing();
}

TEST(TcpAcks, TheyRideOnData) {
    TcpScript s;
    s.open();
    s.inject(psh().seq(1).ack(1).data(100));
    s.write(10);
    s.expect(psh().seq(1).ack(101).data(10));
    s.inject(ack().seq(101).ack(11));
    s.after(1_s).expect_nothing();
}

TEST(TcpAcks, EverySecondFullSegmentIsAcknowledged) {
    TcpScript s;
    s.open();
    s.inject(ack().seq(1).ack(1).data(mss));
    s.expect_nothing();
    s.inject(ack().seq(1 + mss).ack(1).data(mss));
    s.expect(ack().seq(1).ack(1 + 2 * mss));
    s.inject({ack().seq(1 + 2 * mss).ack(1).data(mss), ack().seq(1 + 3 * mss).ack(1).data(mss), ack().seq(1 + 4 * mss).ack(1).data(mss)});
    s.expect(ack().seq(1).ack(1 + 5 * mss));  // a batch is answered once
    s.expect_nothing();
}

TEST(TcpAcks, GapsAreReported) {
    TcpScript s;
    s.open({.sack = true});
    s.inject(ack().seq(1 + mss).ack(1).data(mss));
    s.expect(ack().ack(1).sack(1 + mss, 1 + 2 * mss));
    s.inject(ack().seq(1 + 3 * mss).ack(1).data(mss));
    s.expect(ack().ack(1).sack(1 + 3 * mss, 1 + 4 * mss).sack(1 + mss, 1 + 2 * mss));  // the latest first [RFC 2018 4]
    s.inject(ack().seq(1 + 3 * mss).ack(1).data(mss));  // twice [RFC 2883 4]
    s.expect(ack().ack(1).sack(1 + 3 * mss, 1 + 4 * mss).sack(1 + 3 * mss, 1 + 4 * mss).sack(1 + mss, 1 + 2 * mss));
    s.inject(ack().seq(1).ack(1).data(mss));
    s.expect(ack().ack(1 + 2 * mss).sack(1 + 3 * mss, 1 + 4 * mss));
    s.inject(ack().seq(1 + 2 * mss).ack(1).data(mss));
    s.expect(ack().ack(1 + 4 * mss));
    s.inject(ack().seq(1).ack(1).data(mss));
    s.expect(ack().ack(1 + 4 * mss).sack(1, 1 + mss));
    s.read(4 * mss);
}

TEST(TcpAcks, WithoutReportsEachGapSegmentGetsADuplicate) {
    TcpScript s;
    s.open();
    s.inject({ack().seq(1 + mss).ack(1).data(mss), ack().seq(1 + 2 * mss).ack(1).data(mss), ack().seq(1 + 3 * mss).ack(1).data(mss)});
    EXPECT_GE(s.take().size(), 3u);  // the sender counts them [RFC 5681 3.2]
}

TEST(TcpAcks, SmallSegmentsWaitForTheFirstOfThem) {
    TcpScript s;
    s.open();
    s.write(100);
    s.expect(psh().seq(1).data(100));
    s.write(100);
    s.write(50);
    s.expect_nothing();  // Nagle's algorithm [RFC 9293 3.7.4]
    s.inject(ack().seq(1).ack(101));
    s.expect(psh().seq(101).data(150));
    s.set_options([](Options& options) { options.no_delay = true; });
    s.write(10);
    s.expect(psh().seq(251).data(10));
    s.write(10);
    s.expect(psh().seq(261).data(10));
}

TEST(TcpAcks, ACorkHoldsForAWhile) {
    TcpScript s;
    s.open();
    s.set_options([](Options& options) { options.cork = true; });
    s.write(mss + 100);
    s.expect(ack().seq(1).data(mss));
    s.after(199_ms).inject(ack().seq(1).ack(1 + mss));
    s.expect_nothing();
    s.after(2_ms);
    s.expect_before(psh().seq(1 + mss).data(100));
    s.inject(ack().seq(1).ack(101 + mss));
    s.write(10);
    s.set_options([](Options& options) { options.cork = false; });
    s.expect_before(psh().seq(101 + mss).data(10));
}

/// [RFC 7323 5.3, 4.3]
TEST(TcpAcks, OldTimestampsAreNotBelieved) {
    TcpScript s;
    s.open({.timestamps = true});
    u32 clock = s.peer_clock() + 100;
    s.inject(psh().seq(1).ack(1).data(10).ts(clock, s.last_stamp()));
    s.inject(psh().seq(11).ack(1).data(10).ts(clock - 50, s.last_stamp()));  // PAWS
    s.expect(ack().seq(1).ack(11).ts(s.last_stamp(), clock));
    EXPECT_EQ(s.connection->receivable(), 10u);
    s.inject(psh().seq(11).ack(1).data(10).no_ts());  // none at all [3.2]
    EXPECT_EQ(s.connection->receivable(), 10u);
    s.inject(psh().seq(11).ack(1).data(10).ts(clock + 5, s.last_stamp()));
    s.inject(psh().seq(21).ack(1).data(10).ts(clock + 7, s.last_stamp()));
    s.write(10);
    auto seen = s.expect(psh().seq(1).ack(31).data(10));
    EXPECT_EQ(seen.echo, clock + 5);  // of the segment that the acknowledgement waits for
    s.inject(rst().seq(31).no_ts());
    EXPECT_EQ(s.connection->state(), State::closed);
}

/// A FIN has a sequence number of its own, which the peer is told of, too.
TEST(TcpAcks, AFinBehindAGapIsReported) {
    for (u32 size : {0u, 10u}) {
        TcpScript s;
        s.open({.sack = true});
        s.inject(fin_ack().seq(101).ack(1).data(size));
        s.expect(ack().ack(1).sack(101, 102 + size));
        s.inject(psh().seq(1).ack(1).data(100));
        s.expect(ack().ack(102 + size));
        s.read(100 + size);
        EXPECT_EQ(s.read_end(), 0u);
    }
}

}  // namespace
}  // namespace spore::net::tcp
