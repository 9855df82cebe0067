// What a machine waits for before it stops.
#include "kernel/net/drain.hpp"

#include "kernel/net/ip/path.hpp"
#include "tests/fakes/net/tcp_script.hpp"
#include "tests/unit/kernel/net/transport.hpp"

namespace spore::net {
namespace {

using namespace fakes;

TEST(Drain, WaitsForWhatAClosedConnectionWasGiven) {
    TcpScript s;
    s.open();
    s.write(1000);
    s.expect(psh().seq(1).ack(1).data(1000));
    EXPECT_EQ(undelivered(), 0u);  // the program could still do something about it
    s.connection->close();
    s.connection = nullptr;
    s.expect(fin_ack().seq(1001).ack(1));
    EXPECT_EQ(undelivered(), 1001u);
    s.inject(ack().seq(1).ack(501));
    EXPECT_EQ(undelivered(), 501u);
    s.inject(ack().seq(1).ack(1001));
    EXPECT_EQ(undelivered(), 1u);
    s.inject(ack().seq(1).ack(1002));
    EXPECT_EQ(undelivered(), 0u);  // what the peer has to say, nobody would hear
}

TEST(Drain, WaitsForDataThatTheWindowHoldsBack) {
    TcpScript s;
    s.open({.win = 100});
    s.write(1000);
    s.connection->close();
    s.connection = nullptr;
    s.take();
    EXPECT_EQ(undelivered(), 1001u);
    s.inject(rst().seq(1));
    EXPECT_EQ(undelivered(), 0u);
}

/// A peer that does not answer who it is.
struct DrainToSilence : testing::Test {
    Stack stack;
    TestTransport transport;

    DrainToSilence() { stack.peer.answer_arp = false; }
    void send_last() {
        auto path = Path::find(stack.peer_v4);
        ASSERT_TRUE(path);
        ASSERT_TRUE(path->send(make_packet("last"), transport.options()));
    }
};

TEST_F(DrainToSilence, WaitsForAnswersOfNeighbours) {
    for (int times = 0; times < 2; ++times) send_last();
    EXPECT_EQ(undelivered(), 2u);
    stack.peer.answer_arp = true;
    stack.advance(1_s);
    EXPECT_EQ(stack.peer.take().size(), 2u);
    EXPECT_EQ(undelivered(), 0u);
}

TEST_F(DrainToSilence, WaitsForNoNeighbourThatIsNotThere) {
    send_last();
    stack.advance(4_s);
    EXPECT_EQ(undelivered(), 0u);
}

}  // namespace
}  // namespace spore::net
