// What is reported and lost all the same: peers that drop what they had reported [RFC 2018 8], and retransmissions that are lost, too [RFC 8985].
#include <gtest/gtest.h>

#include "tests/fakes/net/tcp_script.hpp"

namespace spore::net::tcp {
namespace {

using namespace fakes;

constexpr u32 mss = 1460;
constexpr u32 at(u32 segment) { return 1 + segment * mss; }

void fill(TcpScript& s, u32 count) {
    s.write(count * mss);
    s.take();
}
/// How often a segment that begins there was sent since it was looked at last.
u32 sent_again(TcpScript& s, u32 sequence) {
    u32 count = 0;
    for (auto& seg : s.take()) count += seg.sequence <= sequence && *seg.sequence + seg.size > sequence;
    return count;
}

TEST(TcpRenege, WhatThePeerDroppedIsSentAgainAtTheFirstTimeoutWhenItsAcknowledgementsSaySo) {
    TcpScript s;
    s.open({.sack = true});
    fill(s, 5);
    s.after(10_ms).inject(ack().seq(1).ack(at(0)).sack(at(1), at(5)));
    EXPECT_EQ(sent_again(s, at(0)), 1u);
    s.after(10_ms).inject(ack().seq(1).ack(at(1)));  // it had all the others, and has them no more
    EXPECT_EQ(s.take().size(), 0u);
    s.after(230_ms);
    EXPECT_GE(sent_again(s, at(1)), 1u);
    s.inject(ack().seq(1).ack(at(2)));
    EXPECT_EQ(sent_again(s, at(2)), 1u);
    s.inject(ack().seq(1).ack(at(5)));
    EXPECT_EQ(s.connection->unacknowledged(), 0u);
}

TEST(TcpRenege, SilentDroppingIsFoundOutAtTheSecondTimeout) {
    TcpScript s;
    s.open({.sack = true});
    fill(s, 5);
    s.after(10_ms).inject(ack().seq(1).ack(at(0)).sack(at(1), at(5)));
    EXPECT_EQ(sent_again(s, at(0)), 1u);
    // The retransmission is lost, and so is the next: only what was never reported is sent again at first.
    s.after(230_ms);
    auto first = s.take();
    ASSERT_GE(first.size(), 1u);
    for (auto& seg : first) EXPECT_EQ(*seg.sequence, at(0));
    s.after(450_ms);
    EXPECT_EQ(sent_again(s, at(0)), 1u);
    s.inject(ack().seq(1).ack(at(1)));
    EXPECT_EQ(sent_again(s, at(1)), 1u);  // reported once, and asked for now
    s.inject(ack().seq(1).ack(at(3)));
    s.inject(ack().seq(1).ack(at(5)));
    EXPECT_EQ(s.connection->unacknowledged(), 0u);
}

TEST(TcpRenege, ALostRetransmissionIsFoundByWhatWasSentAfterIt) {
    TcpScript s;
    s.open({.sack = true});
    fill(s, 10);
    s.write(10 * mss);
    s.take();
    s.after(10_ms).inject(ack().seq(1).ack(at(0)).sack(at(1), at(4)));
    EXPECT_EQ(sent_again(s, at(0)), 1u);
    s.after(1_ms).inject(ack().seq(1).ack(at(0)).sack(at(1), at(10)));
    auto fresh = s.take();
    ASSERT_FALSE(fresh.empty()) << "what arrived makes room for new data";
    for (auto& seg : fresh) EXPECT_GE(*seg.sequence, at(10));
    // A round trip later something that left after the retransmission has arrived, but that has not.
    s.after(10_ms).inject(ack().seq(1).ack(at(0)).sack(at(1), at(11)));
    EXPECT_EQ(sent_again(s, at(0)), 1u) << "without a timeout";
    s.after(10_ms).inject(ack().seq(1).ack(*fresh.back().sequence + fresh.back().size));
    EXPECT_EQ(s.connection->info().total_retransmits, 2u);
}

TEST(TcpRenege, ARetransmissionThatMayStillComeIsNotSentOnceMore) {
    TcpScript s;
    s.open({.sack = true});
    fill(s, 10);
    s.after(10_ms).inject(ack().seq(1).ack(at(0)).sack(at(1), at(4)));
    EXPECT_EQ(sent_again(s, at(0)), 1u);
    for (u32 last = 5; last <= 10; ++last) s.after(1_ms).inject(ack().seq(1).ack(at(0)).sack(at(1), at(last)));  // all of it older than the retransmission
    s.after(3_ms);
    EXPECT_EQ(sent_again(s, at(0)), 0u);
    s.inject(ack().seq(1).ack(at(10)));
}

TEST(TcpRenege, EveryRetransmissionLostEndsByTimeout) {
    TcpScript s;
    s.open({.sack = true});
    fill(s, 4);
    s.after(10_ms).inject(ack().seq(1).ack(at(0)).sack(at(1), at(4)));
    EXPECT_EQ(sent_again(s, at(0)), 1u);
    u32 times = 0;
    for (int i = 0; i < 30; ++i) s.after(100_ms), times += sent_again(s, at(0));
    EXPECT_GE(times, 3u);
    EXPECT_LE(times, 5u) << "backed off: 210, 420, 840, 1680 ms";
    s.inject(ack().seq(1).ack(at(4)));
    EXPECT_EQ(s.connection->unacknowledged(), 0u);
}

}  // namespace
}  // namespace spore::net::tcp
