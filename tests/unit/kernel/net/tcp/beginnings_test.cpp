// Beginnings out of the ordinary: SYN cookies [RFC 4987], Fast Open [RFC 7413], after TIME-WAIT [RFC 6191, 1337].
#include <gtest/gtest.h>

#include "tests/fakes/net/tcp_script.hpp"

namespace spore::net::tcp {
namespace {

using namespace fakes;

TEST(TcpBeginnings, AFloodIsAnsweredWithCookies) {
    for (bool stamps : {false, true}) {
        TcpScript s;
        s.alone = false;
        s.listen();
        for (int i = 0; i < 16; ++i, ++s.peer_port) {
            s.next_incarnation(1000);
            s.inject(syn().seq(0).win(1000));
            s.expect(syn_ack().ack(1));
        }
        s.next_incarnation(2000);
        auto offer = syn().seq(0).win(1000).mss(1400).sack_ok().scale(9);
        if (stamps) offer.ts(500, 0);
        s.inject(offer);
        auto answer = syn_ack().seq(0).ack(1);
        if (stamps) answer.sack_ok();
        s.expect(answer);
        u32 stamp = s.last_stamp();
        auto last = ack().seq(1).ack(1).win(10);
        if (stamps) last.ts(510, stamp);
        s.after(20_ms).inject(last);
        s.accept();
        auto info = s.connection->info();
        EXPECT_EQ(info.send_mss, stamps ? 1348u : 1360u);  // the next smaller of those that a cookie can say
        EXPECT_EQ(info.sack, stamps);
        EXPECT_EQ(info.send_window, stamps ? 10u << 9 : 10u);
        auto more = psh().seq(1).ack(1).data(100);
        if (stamps) more.ts(511, stamp);
        s.inject(more);
        s.read(100);
        s.take();
    }
}

TEST(TcpBeginnings, AForgedCookieIsReset) {
    TcpScript s;
    s.alone = false;
    s.listen();
    for (int i = 0; i < 16; ++i, ++s.peer_port) {
        s.next_incarnation(1000);
        s.inject(syn().seq(0).win(1000));
        s.expect(syn_ack().ack(1));
    }
    s.next_incarnation(2000);
    s.inject(syn().seq(0).win(1000));
    s.expect(syn_ack().ack(1));
    s.inject(ack().seq(1).ack(2));
    s.expect(rst().seq(2));
    s.inject(ack().seq(2).ack(1));
    s.expect(rst().seq(1));
    s.at(200_s).take();
    s.inject(ack().seq(1).ack(1));  // too late
    s.expect(rst().seq(1));
}

TEST(TcpBeginnings, FastOpenTakesDataAtOnce) {
    TcpScript s;
    Options options;
    options.fast_open_queue = 4;
    s.listen(options);
    s.inject(syn().seq(0).win(1000).cookie({}));
    auto given = s.expect(syn_ack().seq(0).ack(1));
    ASSERT_TRUE(given.cookie_option);
    EXPECT_EQ(given.cookie_option->size(), 8u);
    s.inject(rst().seq(1));
    s.next_incarnation(9000);
    ++s.peer_port;
    s.inject(syn().seq(0).win(1000).cookie(*given.cookie_option).data(50));
    s.expect(syn_ack().seq(0).ack(51));
    s.accept();
    s.read(50);
    s.inject(ack().seq(51).ack(1));
    EXPECT_EQ(s.connection->state(), State::established);
    s.write(10);
    s.expect(psh().seq(1).ack(51).data(10));
    s.close();
    s.take();
    auto forged = *given.cookie_option;
    forged[0] ^= 1;
    s.next_incarnation(7000);
    ++s.peer_port;
    s.inject(syn().seq(0).win(1000).cookie(forged).data(50));
    s.expect(syn_ack().seq(0).ack(1));  // as without
    s.inject(rst().seq(1));
}

TEST(TcpBeginnings, FastOpenSendsDataAtOnce) {
    TcpScript s;
    Options options;
    options.fast_open_connect = true;
    s.connect(options);
    auto asked = s.expect(syn().seq(0).sack_ok());
    ASSERT_TRUE(asked.cookie_option);
    EXPECT_TRUE(asked.cookie_option->empty());
    s.inject(syn_ack().seq(0).ack(1).mss(1460).cookie({1, 2, 3, 4, 5, 6, 7, 8}));
    s.expect(ack().seq(1).ack(1));
    s.next_connection();
    s.connect(options);
    s.expect_nothing();  // until there is data
    s.write(100);
    auto fast = s.expect(syn().seq(0).data(100).sack_ok());
    EXPECT_EQ(fast.cookie_option, (Bytes{1, 2, 3, 4, 5, 6, 7, 8}));
    s.after(5_ms).inject(syn_ack().seq(0).ack(1).mss(1460));  // not taken: sent again
    s.expect(ack().seq(1).ack(1).data(100));
    s.inject(ack().seq(1).ack(101));
    EXPECT_EQ(s.connection->unacknowledged(), 0u);
}

/// To TIME-WAIT: the stack closes first; the peer's numbers end at 2.
void to_time_wait(TcpScript& s) {
    ASSERT_TRUE(s.connection->shut_writing());
    s.expect(fin_ack().seq(1).ack(1));
    s.inject(fin_ack().seq(1).ack(2));
    s.expect(ack().seq(2).ack(2));
    s.connection = nullptr;
}

TEST(TcpBeginnings, TimeWaitGivesWayToANewConnection) {
    TcpScript s;
    s.open();
    to_time_wait(s);
    s.inject(rst().seq(2));              // does not end it [RFC 1337 3]
    s.inject(syn().seq(1u - 500));       // an old one
    s.expect(ack().seq(2).ack(2));
    s.next_incarnation(0xffff'ff00 + 5000);
    s.inject(syn().seq(0).win(1000));    // beyond all that the old one had
    s.expect(syn_ack().seq(0).ack(1));
    s.inject(ack().seq(1).ack(1));
    s.accept();
    EXPECT_EQ(s.connection->state(), State::established);
}

TEST(TcpBeginnings, TimestampsTellNewFromOld) {
    TcpScript s;
    s.open({.timestamps = true});
    u32 clock = s.peer_clock();
    to_time_wait(s);
    s.next_incarnation(0xffff'ff00 - 100'000);  // smaller numbers, a later clock [RFC 6191 2]
    s.inject(syn().seq(0).win(1000).ts(clock + 1000, 0));
    s.expect(syn_ack().seq(0).ack(1));
    s.inject(rst().seq(1));
}

TEST(TcpBeginnings, ACookiesWindowIsScaledAsItWasOffered) {
    TcpScript s;
    s.alone = false;
    Options options;
    options.receive_buffer = 32 << 20;
    s.listen(options);
    for (int i = 0; i < 16; ++i, ++s.peer_port) {
        s.next_incarnation(1000);
        s.inject(syn().seq(0).win(1000));
        s.expect(syn_ack().ack(1));
    }
    s.next_incarnation(2000);
    s.inject(syn().seq(0).win(1000).mss(1400).scale(9).ts(500, 0));
    auto offer = s.expect(syn_ack().seq(0).ack(1));
    EXPECT_EQ(offer.scale_option, 10);
    s.after(20_ms).inject(ack().seq(1).ack(1).win(10).ts(510, s.last_stamp()));
    s.accept();
    EXPECT_EQ(s.connection->info().receive_scale, 10);
    s.take();
}

}  // namespace
}  // namespace spore::net::tcp
