// Windows: ours and the peer's, closed ones, silly ones, scaled ones [RFC 9293 3.8.6, RFC 7323 2].
#include <gtest/gtest.h>

#include "tests/fakes/net/tcp_script.hpp"

namespace spore::net::tcp {
namespace {

using namespace fakes;

TEST(TcpWindow, NothingGoesBeyondThePeersWindow) {
    TcpScript s;
    s.open({.win = 2000});
    s.write(5000);
    s.expect(ack().seq(1).data(1460));
    s.expect_nothing();  // 540 would be a silly segment
    s.inject(ack().seq(1).ack(1461).win(2920));
    s.expect(ack().seq(1461).data(1460));
    s.expect(ack().seq(2921).data(1460));
    s.inject(ack().seq(1).ack(4381).win(2920));
    s.expect(psh().seq(4381).data(620));
}

TEST(TcpWindow, AClosedWindowIsProbed) {
    TcpScript s;
    s.open({.win = 1000});
    s.write(3000);
    s.expect(ack().seq(1).data(1000));
    s.after(10_ms).inject(ack().seq(1).ack(1001).win(0));
    auto began = s.now();
    s.expect_nothing();
    // With back-off [3.8.6.1]; the retransmission timeout is 10 ms, the round trip that was measured, and 200.
    Duration wait = 210_ms, due = wait;
    for (int i = 0; i < 4; ++i) {
        s.at(began + due).expect(ack().seq(1000).ack(1));
        s.inject(ack().seq(1).ack(1001).win(0));
        wait = wait + wait;
        due = due + wait;
    }
    s.expect_nothing();
    EXPECT_EQ(s.connection->state(), State::established);
    s.inject(ack().seq(1).ack(1001).win(10'000));
    s.expect(ack().seq(1001).data(1460));
    s.expect(psh().seq(2461).data(540));
}

TEST(TcpWindow, AClosedWindowIsBorneForLong) {
    TcpScript s;
    s.open({.win = 1000});
    s.write(3000);
    s.expect(ack().seq(1).data(1000));
    s.inject(ack().seq(1).ack(1001).win(0));
    for (int minute = 1; minute <= 90; ++minute) {  // who answers is alive [3.8.6.1]
        s.at(Duration::seconds(60 * minute));
        if (!s.take().empty()) s.inject(ack().seq(1).ack(1001).win(0));
    }
    EXPECT_EQ(s.connection->state(), State::established);
    s.inject(ack().seq(1).ack(1001).win(1000));
    s.expect(ack().seq(1001).data(1000));
}

TEST(TcpWindow, ASilentPeerWithAClosedWindowIsGivenUp) {
    TcpScript s;
    s.open({.win = 1000});
    s.write(3000);
    s.expect(ack().seq(1).data(1000));
    s.inject(ack().seq(1).ack(1001).win(0));
    s.at(Duration::seconds(3600));
    s.take();
    EXPECT_EQ(s.connection->state(), State::closed);
    EXPECT_EQ(s.connection->take_error().error(), Error::timed_out);
}

TEST(TcpWindow, ASmallRoomIsUsedAfterAWhile) {
    TcpScript s;
    s.open({.win = 2000});
    s.write(3000);
    s.expect(ack().seq(1).data(1460));
    s.inject(ack().seq(1).ack(1461).win(300));
    s.expect_nothing();
    s.after(211_ms);
    s.expect_before(psh().seq(1461).data(300));
}

TEST(TcpWindow, AShrunkWindowDoesNoHarm) {
    TcpScript s;
    s.open({.win = 5000});
    s.write(4000);
    s.expect(ack().seq(1).data(1460));
    s.expect(ack().seq(1461).data(1460));
    s.expect(psh().seq(2921).data(1080));
    s.inject(ack().seq(1).ack(1461).win(100));
    s.expect_nothing();
    s.inject(ack().seq(1).ack(4001).win(5000));
    s.write(100);
    s.expect(psh().seq(4001).data(100));
}

TEST(TcpWindow, OldSegmentsDoNotChangeIt) {
    TcpScript s;
    s.open({.win = 5000});
    s.inject(psh().seq(1).ack(1).win(6000).data(10));
    s.inject(psh().seq(11).ack(1).win(7000).data(10));
    EXPECT_EQ(s.connection->info().send_window, 7000u);
    s.inject(psh().seq(1).ack(1).win(100).data(10));
    EXPECT_EQ(s.connection->info().send_window, 7000u);  // [3.10.7.4: SND.WL1]
}

TEST(TcpWindow, ItIsScaled) {
    TcpScript s;
    s.open({.win = 60'000, .scale = 4});
    EXPECT_EQ(s.connection->info().send_window, (60'000u >> 4) << 4);
    s.inject(ack().seq(1).ack(1).win(0x1000));
    EXPECT_EQ(s.connection->info().send_window, 0x10000u);
    s.write(10);
    s.expect(psh().seq(1).data(10).win(65535 / 128 + 1));  // rounded so that nothing is taken back [RFC 7323 2.4]
}

TEST(TcpWindow, ShiftsBeyondFourteenAreFourteen) {
    TcpScript s;
    s.listen();
    s.inject(syn().seq(0).win(1000).scale(200));
    s.expect(syn_ack().seq(0).ack(1).scale(7));
    s.inject(ack().seq(1).ack(1).win(2));
    s.accept();
    EXPECT_EQ(s.connection->info().send_window, 2u << 14);  // [RFC 7323 2.3]
}

/// The peer fills the window; the program reads later.
TEST(TcpWindow, OursClosesAndOpens) {
    TcpScript s;
    s.open();
    u32 at = 1, edge = 65'536;
    while (at < edge) {
        u32 size = std::min(1460u, edge - at);
        s.inject(ack().seq(at).ack(1).data(size));
        at += size;
        for (auto& seg : s.take()) EXPECT_LE(*seg.acknowledgement + *seg.window, edge);
    }
    s.after(50_ms);
    s.take();
    s.inject(psh().seq(at).ack(1).data(1));  // a probe of the closed window
    s.expect(ack().seq(1).ack(at).win(0));
    EXPECT_EQ(s.connection->receivable(), 65'535u);
    s.read(1000);
    s.expect_nothing();  // not worth telling [3.8.6.2.2]
    s.read(64'535);
    auto update = s.expect(ack().seq(1).ack(at));
    EXPECT_EQ(update.window, 65535);
}

TEST(TcpWindow, OursIsNeverTakenBack) {
    TcpScript s;
    s.open({.scale = 0});
    u32 at = 1, edge = 65'536;
    for (int i = 0; i < 200; ++i) {
        u32 size = 1 + i * 37 % 1460;
        s.inject(psh().seq(at).ack(1).data(size));
        at += size;
        if (i % 3 == 0) s.read(static_cast<u32>(std::min<u64>(s.connection->receivable(), 1000)));
        for (auto& seg : s.take()) {
            u32 new_edge = *seg.acknowledgement + (u32{*seg.window} << 7);
            EXPECT_GE(new_edge, edge) << to_string(seg);
            edge = new_edge;
        }
        if (at + 1460 > edge) break;
    }
    EXPECT_GT(at, 60'000u);
}

TEST(TcpWindow, SmallSegmentsDoNotTakeMoreMemoryThanTheirBytes) {
    TcpScript s;
    s.open();
    for (u32 i = 0; i < 8000; ++i) {
        s.inject(psh().seq(1 + i).ack(1).data(1));
        if (i % 1000 == 0) s.take();
    }
    s.take();
    EXPECT_EQ(s.connection->receivable(), 8000u);
    s.read(8000);
    s.take();
}

TEST(TcpWindow, ItGrowsWithWhatTheProgramTakes) {
    for (u32 fixed : {0u, 128u << 10}) {
        TcpScript s;
        Options options;
        options.receive_buffer = fixed;
        s.open({.scale = 7, .options = options});
        u32 first = s.connection->info().receive_threshold;
        for (u32 round = 0, at = 1; round < 20; ++round) {
            for (int i = 0; i < 40; ++i, at += 1460) s.inject(ack().seq(at).ack(1).data(1460));
            s.read(40 * 1460);
            s.after(10_ms);
            s.take();
        }
        if (fixed) EXPECT_EQ(s.connection->info().receive_threshold, first);
        else EXPECT_GT(s.connection->info().receive_threshold, first);
    }
}

TEST(TcpWindow, OneThatWasTakenBackIsBorneForLong) {
    TcpScript s;
    s.open();
    s.write(1000);
    for (int i = 0; i < 7200; ++i) {  // two hours
        s.after(1_s);
        bool asked = false;
        for (auto& seg : s.take()) asked |= !seg.has(0x04);
        if (asked) s.inject(ack().seq(1).ack(1).win(0));
    }
    EXPECT_EQ(s.connection->state(), State::established);
    s.inject(ack().seq(1).ack(1001));
    EXPECT_EQ(s.connection->unacknowledged(), 0u);
    s.take();
}

TEST(TcpWindow, TheScaleIsWhatTheSynSaid) {
    TcpScript s;
    Options options;
    options.receive_buffer = 32 << 20;
    s.connect(options);
    auto offer = s.expect(syn().seq(0).sack_ok());
    s.set_options([](Options& all) { all.receive_buffer = 100'000; });
    s.after(10_ms).inject(syn_ack().seq(0).ack(1).mss(1460).scale(3));
    auto first = s.expect(ack().seq(1).ack(1));
    EXPECT_EQ(offer.scale_option, 10);
    EXPECT_LE(u32{first.window.value_or(0)} << 10, u32{65'535 + 1024});
    EXPECT_GE(u32{first.window.value_or(0)} << 10, u32{49'000});
}

}  // namespace
}  // namespace spore::net::tcp
