// Urgent data [RFC 6093] and the size of packets that the path takes [RFC 1191, 5927, 8201].
#include <gtest/gtest.h>

#include "tests/fakes/net/tcp_script.hpp"

namespace spore::net::tcp {
namespace {

using namespace fakes;

TEST(TcpUrgent, TheByteIsBesideTheStream) {
    TcpScript s;
    s.open();
    s.inject(psh().seq(1).ack(1).data(10).urg(5));
    EXPECT_TRUE(any(s.connection->ready() & Ready::priority));
    EXPECT_FALSE(s.connection->at_urgent_mark());
    s.read(4);  // up to the mark
    EXPECT_TRUE(s.connection->at_urgent_mark());
    StreamSink sink(4);
    EXPECT_EQ(s.connection->receive(sink, 1, ReceiveFlags::urgent), 1u);
    EXPECT_TRUE(sink.right);
    EXPECT_FALSE(s.connection->receive(sink, 1, ReceiveFlags::urgent));
    StreamSink rest(5);
    EXPECT_EQ(s.connection->receive(rest, 100, ReceiveFlags::none), 5u);
    EXPECT_TRUE(rest.right);
    EXPECT_FALSE(any(s.connection->ready() & Ready::priority));
}

TEST(TcpUrgent, TheByteIsInTheStreamWhenWanted) {
    TcpScript s;
    Options options;
    options.urgent_inline = true;
    s.open({.options = options});
    s.inject(psh().seq(1).ack(1).data(10).urg(5));
    StreamSink before(0), rest(4);
    EXPECT_EQ(s.connection->receive(before, 100, ReceiveFlags::none), 4u);  // up to the mark, as without
    EXPECT_TRUE(s.connection->at_urgent_mark());
    EXPECT_EQ(s.connection->receive(rest, 100, ReceiveFlags::none), 6u);
    EXPECT_TRUE(before.right && rest.right);
    EXPECT_FALSE(any(s.connection->ready() & Ready::priority));
}

TEST(TcpUrgent, WhoReadsPastTheByteHasLostIt) {
    TcpScript s;
    s.open();
    s.inject(psh().seq(1).ack(1).data(10).urg(1));
    StreamSink look(1), rest(1), lost(0);
    EXPECT_EQ(s.connection->receive(look, 100, ReceiveFlags::peek), 9u);
    EXPECT_TRUE(any(s.connection->ready() & Ready::priority)) << "looking takes nothing away";
    EXPECT_EQ(s.connection->receive(rest, 100, ReceiveFlags::none), 9u);
    EXPECT_TRUE(look.right && rest.right);
    EXPECT_FALSE(any(s.connection->ready() & Ready::priority));
    EXPECT_EQ(s.connection->receive(lost, 1, ReceiveFlags::urgent).error(), Error::invalid);
}

TEST(TcpUrgent, ItDoesNotWaitForAnAcknowledgement) {
    TcpScript s;
    s.open();
    s.write(5);
    s.expect(psh().seq(1).data(5));
    s.write(1, SendFlags::urgent);
    s.expect(psh().seq(6).data(1).urg(1));
    s.inject(ack().seq(1).ack(7));
}

TEST(TcpUrgent, ItIsSentWithAPointer) {
    TcpScript s;
    s.open();
    s.write(5, SendFlags::urgent);
    s.expect(psh().seq(1).data(5).urg(5));  // behind the byte, as everybody does [RFC 6093 3.1]
    s.inject(ack().seq(1).ack(6));
    s.write(5);
    EXPECT_FALSE(s.expect(psh().seq(6).data(5)).has(0x20));
}

TEST(TcpPathMtu, WhatWasTooLargeIsSentSmaller) {
    TcpScript s;
    s.open();
    s.write(2920);
    s.expect(ack().seq(1).data(1460));
    s.expect(ack().seq(1461).data(1460));
    s.inject_error(3, 4, 1000, 1);
    s.expect(ack().seq(1).data(960));
    s.expect(ack().seq(961).data(500));
    s.expect(ack().seq(1461).data(960));
    s.expect(ack().seq(2421).data(500));
    s.inject(ack().seq(1).ack(2921));
    s.write(960);
    s.expect(psh().seq(2921).data(960));
    EXPECT_EQ(s.connection->info().path_mtu, 1000u);
}

TEST(TcpPathMtu, StrangersDoNotMakeItSmall) {
    TcpScript s;
    s.open();
    s.write(1460);
    s.expect(ack().seq(1).data(1460));
    s.inject_error(3, 4, 600, 1461);
    s.inject_error(3, 4, 600, 0);
    s.inject_error(3, 4, 600, 100'000);
    s.expect_nothing();
    EXPECT_EQ(s.connection->info().path_mtu, 1500u);
}

TEST(TcpPathMtu, OtherErrorsAreBorneOnceItStands) {
    TcpScript s;
    s.open();
    s.write(100);
    s.expect(psh().seq(1).data(100));
    s.inject_error(3, 3, 0, 1);
    EXPECT_EQ(s.connection->state(), State::established);
    s.inject(ack().seq(1).ack(101));
    s.next_connection();
    s.connect();
    s.expect(syn().seq(0).sack_ok());
    s.inject_error(3, 3, 0, 0);
    EXPECT_EQ(s.connection->take_error().error(), Error::connection_refused);
}

}  // namespace
}  // namespace spore::net::tcp
