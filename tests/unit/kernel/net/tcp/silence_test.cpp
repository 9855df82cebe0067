// What happens when nothing comes: keep-alive, the user timeout [RFC 9293 3.8.3, 3.8.4; RFC 5482].
#include <gtest/gtest.h>

#include "tests/fakes/net/tcp_script.hpp"

namespace spore::net::tcp {
namespace {

using namespace fakes;

Options keep_alive() {
    Options options;
    options.keep_alive = true;
    options.keep_alive_idle = 10_s;
    options.keep_alive_interval = 1_s;
    options.keep_alive_count = 3;
    return options;
}

TEST(TcpSilence, APeerThatAnswersIsKept) {
    TcpScript s;
    s.open({.options = keep_alive()});
    for (int i = 0; i < 5; ++i) {
        s.after(9900_ms).expect_nothing();
        s.after(101_ms);
        s.expect_before(ack().seq(0).ack(1));
        s.inject(ack().seq(1).ack(1));
    }
    EXPECT_EQ(s.connection->state(), State::established);
}

TEST(TcpSilence, APeerThatDoesNotIsGivenUp) {
    TcpScript s;
    s.open({.options = keep_alive()});
    s.after(13100_ms);
    for (int i = 0; i < 3; ++i) s.expect_before(ack().seq(0).ack(1));
    s.expect_before(rst_ack().seq(1).ack(1));
    EXPECT_EQ(s.connection->take_error().error(), Error::timed_out);
}

TEST(TcpSilence, WithoutTheOptionNothingIsAsked) {
    TcpScript s;
    s.open();
    s.after(Duration::seconds(100'000)).expect_nothing();
    EXPECT_EQ(s.connection->state(), State::established);
}

Options user_timeout(Duration span) {
    Options options;
    options.user_timeout = span;
    return options;
}

/// It ends at `span` from now, and not before.
void expect_timeout_after(TcpScript& s, Duration span) {
    s.after(span - 1_ms);
    EXPECT_TRUE(s.connection->take_error());
    s.after(2_ms);
    EXPECT_EQ(s.connection->take_error().error(), Error::timed_out);
    EXPECT_EQ(s.connection->state(), State::closed);
    s.take();
}

TEST(TcpSilence, TheUserTimeoutCountsFromTheFirstUnansweredSend) {
    for (auto offset : {0_ms, 1_ms, 500_ms}) {
        for (i64 half : {25, 106, 500, 15'000}) {
            auto part = Duration::ms(half);
            TcpScript s;
            s.open({.sack = offset != 0_ms, .options = user_timeout(part + part)});
            s.after(offset);
            s.write(100);
            s.after(part);
            s.write(100);  // what is sent later does not put it off
            expect_timeout_after(s, part);
        }
    }
}

TEST(TcpSilence, ProgressBeginsTheUserTimeoutAnew) {
    TcpScript s;
    s.open({.options = user_timeout(1_s)});
    s.write(2920);
    s.after(900_ms).take();
    s.inject(ack().seq(1).ack(1461));
    expect_timeout_after(s, 1_s);
}

TEST(TcpSilence, AnsweredSendsDoNotCount) {
    TcpScript s;
    s.open({.options = user_timeout(1_s)});
    s.write(100);
    s.expect(psh().seq(1).data(100));
    s.inject(ack().seq(1).ack(101));
    s.after(100_s);
    s.write(100);
    expect_timeout_after(s, 1_s);
}

TEST(TcpSilence, AWindowThatStaysClosedCounts) {
    TcpScript s;
    s.open({.win = 0, .options = user_timeout(1_s)});
    s.write(100);
    for (int i = 0; i < 9; ++i) s.after(100_ms).inject(ack().seq(1).ack(1).win(0));  // alive, but that does not help
    s.take();
    expect_timeout_after(s, 100_ms);
}

TEST(TcpSilence, AWindowThatOpensALittleDoesNot) {
    TcpScript s;
    s.open({.win = 0, .options = user_timeout(1_s)});
    s.write(3000);
    s.after(900_ms).take();
    s.inject(ack().seq(1).ack(1).win(1));
    s.after(900_ms);
    EXPECT_EQ(s.connection->state(), State::established);
    s.take();
}

TEST(TcpSilence, TheUserTimeoutEndsConnecting) {
    TcpScript s;
    s.connect(user_timeout(1500_ms));
    s.expect(syn().seq(0).sack_ok());
    expect_timeout_after(s, 1500_ms);
}

TEST(TcpSilence, AHalfClosedConnectionIsAskedToo) {
    TcpScript s;
    s.open();
    ASSERT_TRUE(s.connection->shut_writing());
    s.expect(fin_ack().seq(1).ack(1));
    s.inject(ack().seq(1).ack(2));
    s.set_options([](Options& all) {
        auto wanted = keep_alive();
        all.keep_alive = true, all.keep_alive_idle = wanted.keep_alive_idle, all.keep_alive_interval = wanted.keep_alive_interval;
        all.keep_alive_count = wanted.keep_alive_count;
    });
    s.after(14_s).take();
    EXPECT_EQ(s.connection->take_error().error(), Error::timed_out);
}

}  // namespace
}  // namespace spore::net::tcp
