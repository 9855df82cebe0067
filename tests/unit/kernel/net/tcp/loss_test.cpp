// How loss is found and made good [RFC 5681, 6298, 6582, 6675, 8985, 3522].
#include <gtest/gtest.h>

#include "tests/fakes/net/tcp_script.hpp"

namespace spore::net::tcp {
namespace {

using namespace fakes;

constexpr u32 mss = 1460;

/// `count` full segments on the way, the first at 1.
void fill(TcpScript& s, u32 count) {
    s.write(count * mss);
    for (u32 i = 0; i < count; ++i) s.expect(ack().seq(1 + i * mss).data(mss));
    s.expect_nothing();
}

TEST(TcpLoss, ThreeDuplicatesTellOfALoss) {
    TcpScript s;
    Options options;
    options.congestion = CongestionControl::new_reno;
    s.open({.options = options});
    fill(s, 10);
    s.after(10_ms).inject(ack().seq(1).ack(1));
    s.inject(ack().seq(1).ack(1));
    s.expect_nothing();
    s.inject(ack().seq(1).ack(1));
    s.expect(ack().seq(1).data(mss));
    s.after(10_ms).inject(ack().seq(1).ack(1 + 2 * mss));  // a partial acknowledgement: the third is missing, too [RFC 6582 3.2]
    s.expect(ack().seq(1 + 2 * mss).data(mss));
    s.inject(ack().seq(1).ack(1 + 10 * mss));
    s.expect_nothing();
    EXPECT_EQ(s.connection->info().slow_start_threshold, 5u);
    EXPECT_EQ(s.connection->info().total_retransmits, 2u);
}

TEST(TcpLoss, ThreeSegmentsReportedBehindAHoleTellOfALoss) {
    TcpScript s;
    s.open({.sack = true});
    fill(s, 10);
    s.after(10_ms).inject(ack().seq(1).ack(1).sack(1 + mss, 1 + 4 * mss));
    s.expect(ack().seq(1).data(mss));
    s.expect_nothing();
    s.inject(ack().seq(1).ack(1 + 10 * mss));
    EXPECT_EQ(s.connection->info().slow_start_threshold, 7u);  // CUBIC's beta is 0.7
}

TEST(TcpLoss, FewerMayBeReorderingForAWhile) {
    TcpScript s;
    s.open({.sack = true});
    fill(s, 10);
    s.after(10_ms).inject(ack().seq(1).ack(1).sack(1 + mss, 1 + 2 * mss));
    s.expect_nothing();
    s.after(2_ms).expect_nothing();
    s.after(1_ms);  // a quarter of the shortest round trip [RFC 8985 6.2 step 4]
    s.expect_before(ack().seq(1).data(mss));
    s.expect_nothing();
}

TEST(TcpLoss, AReorderedSegmentIsNotSentAgain) {
    TcpScript s;
    s.open({.sack = true});
    fill(s, 10);
    s.after(10_ms).inject(ack().seq(1).ack(1).sack(1 + mss, 1 + 2 * mss));
    s.after(1_ms).inject(ack().seq(1).ack(1 + 2 * mss));
    s.after(5_ms).expect_nothing();
    EXPECT_EQ(s.connection->info().total_retransmits, 0u);
}

TEST(TcpLoss, ALostTailIsProbed) {
    TcpScript s;
    s.open({.sack = true});
    fill(s, 3);
    s.after(22_ms).expect(psh().seq(1 + 2 * mss).data(mss));  // two round trips and 2 ms [RFC 8985 7.2]
    s.after(10_ms).inject(ack().seq(1).ack(1).sack(1 + 2 * mss, 1 + 3 * mss));
    s.after(4_ms);
    s.expect_before(ack().seq(1).data(mss));
    s.expect_before(ack().seq(1 + mss).data(mss));
    s.inject(ack().seq(1).ack(1 + 3 * mss));
    s.expect_nothing();
}

TEST(TcpLoss, TheTimeoutBacksOffAndGivesUpInTheEnd) {
    TcpScript s;
    s.open();
    fill(s, 2);
    s.after(210_ms).expect(ack().seq(1).data(mss));  // one segment only [RFC 5681 3.1]
    s.after(420_ms);
    s.expect_before(ack().seq(1).data(mss));
    s.inject(ack().seq(1).ack(1 + mss));
    s.expect(psh().seq(1 + mss).data(mss));
    s.at(2000_s);
    EXPECT_EQ(s.take().size(), 15u);
    EXPECT_EQ(s.connection->take_error().error(), Error::timed_out);
}

TEST(TcpLoss, ATimeoutForNothingIsUndone) {
    TcpScript s;
    s.open({.timestamps = true});
    constexpr u32 size = mss - 12;
    s.write(4 * size);
    for (u32 i = 0; i < 4; ++i) s.expect(ack().seq(1 + i * size).data(size));
    u32 sent = s.last_stamp();
    s.after(250_ms);
    s.expect_before(ack().seq(1).data(size));
    EXPECT_EQ(s.connection->info().congestion_window, 1u);
    s.inject(ack().seq(1).ack(1 + size).ts(s.peer_clock(), sent));  // answers the first transmission [RFC 3522 3.2]
    EXPECT_GE(s.connection->info().congestion_window, 10u);
    s.expect_nothing();
}

/// Each segment that was sent again for nothing is reported, and only all of them together mean that nothing was lost [RFC 2883 4, RFC 3708].
TEST(TcpLoss, OneOfSeveralRepeatedForNothingUndoesNothing) {
    TcpScript s;
    s.open({.sack = true});
    fill(s, 10);
    s.after(10_ms).inject(ack().seq(1).ack(1).sack(1 + 3 * mss, 1 + 10 * mss));
    EXPECT_EQ(s.take().size(), 3u);
    EXPECT_EQ(s.connection->info().slow_start_threshold, 7u);
    s.after(10_ms).inject(ack().seq(1).ack(1 + 2 * mss).sack(1, 1 + mss).sack(1 + 3 * mss, 1 + 10 * mss));
    EXPECT_EQ(s.connection->info().slow_start_threshold, 7u);
    s.inject(ack().seq(1).ack(1 + 2 * mss).sack(1 + mss, 1 + 3 * mss).sack(1 + 3 * mss, 1 + 10 * mss));  // no report of a duplicate: the last is missing
    EXPECT_EQ(s.connection->info().slow_start_threshold, 7u);
    s.inject(ack().seq(1).ack(1 + 3 * mss).sack(1 + mss, 1 + 3 * mss).sack(1 + 3 * mss, 1 + 10 * mss));  // two in one report
    EXPECT_GT(s.connection->info().slow_start_threshold, 7u);
    s.inject(ack().seq(1).ack(1 + 10 * mss));
    s.take();
}

TEST(TcpLoss, ReportsOfNonsenseAreIgnored) {
    TcpScript s;
    s.open({.sack = true});
    fill(s, 4);
    s.after(10_ms).inject(ack().seq(1).ack(1).sack(5 * mss, 9 * mss).sack(3000, 2000).sack(1u - 4000, 1u - 2000));
    EXPECT_EQ(s.connection->info().sacked, 0u);
    s.inject(ack().seq(1).ack(1).sack(1 + mss + 100, 1 + mss + 200));  // no whole segment
    EXPECT_EQ(s.connection->info().sacked, 0u);
    s.inject(ack().seq(1).ack(1 + 4 * mss));
    s.take();
}

/// [RFC 6928 2]
TEST(TcpLoss, TheFirstWindowIsTenSegments) {
    for (u16 size : {536, 1460}) {
        TcpScript s;
        s.open({.mss = size});
        s.write(100'000);
        EXPECT_EQ(s.take().size(), 10u);
        s.inject(ack().seq(1).ack(1 + 2u * size));
        EXPECT_EQ(s.take().size(), 4u);  // slow start
    }
}

}  // namespace
}  // namespace spore::net::tcp
