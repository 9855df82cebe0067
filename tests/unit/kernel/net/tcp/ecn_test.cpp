// Explicit congestion notification [RFC 3168 6.1].
#include <gtest/gtest.h>

#include "tests/fakes/net/tcp_script.hpp"

namespace spore::net::tcp {
namespace {

using namespace fakes;

TEST(TcpEcn, MarksAreToldUntilThePeerHasReduced) {
    TcpScript s;
    s.open({.ecn = true});
    s.inject(psh().seq(1).ack(1).data(100).marked(3));
    s.expect(ack().seq(1).ack(101).flag(ece_flag));
    s.inject(psh().seq(101).ack(1).data(100));
    s.write(10);
    s.expect(psh().seq(1).ack(201).data(10).flag(ece_flag).marked(2));
    s.inject(psh().seq(201).ack(11).data(100).flag(cwr_flag));
    s.write(10);
    s.expect(psh().seq(11).ack(301).data(10).marked(2));
}

TEST(TcpEcn, TheWindowShrinksAndThePeerIsTold) {
    TcpScript s;
    s.open({.ecn = true});
    s.write(14'600);
    EXPECT_EQ(s.take().size(), 10u);
    s.after(10_ms).inject(ack().seq(1).ack(14'601).flag(ece_flag));
    EXPECT_EQ(s.connection->info().slow_start_threshold, 7u);
    s.write(1460);
    s.expect(psh().seq(14'601).data(1460).flag(cwr_flag).marked(2));
}

}  // namespace
}  // namespace spore::net::tcp
