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

TEST(TcpSilence, TheUserTimeoutEndsWaiting) {
    for (auto offset : {0_ms, 1_ms}) {
        TcpScript s;
        Options options;
        options.user_timeout = 1_s;
        s.open({.options = options});
        s.after(offset);
        s.write(100);
        s.after(900_ms);
        EXPECT_EQ(s.connection->state(), State::established);
        s.after(1100_ms);
        EXPECT_EQ(s.connection->take_error().error(), Error::timed_out);
        s.take();
    }
}

}  // namespace
}  // namespace spore::net::tcp
