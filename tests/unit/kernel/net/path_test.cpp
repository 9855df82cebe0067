// The way out: routes, sources, headers, neighbours; the way in of what answers.
#include "kernel/net/ip/path.hpp"

#include <gtest/gtest.h>

#include "kernel/net/ip/arrival.hpp"
#include "kernel/net/ip/neighbour.hpp"
#include "tests/unit/kernel/net/transport.hpp"

namespace spore::net {
namespace {

using fakes::Stack;
using fakes::ip;

/// Both versions go the same way.
class PathTest : public testing::TestWithParam<int> {
protected:
    Stack stack;
    TestTransport transport;
    bool v4() const { return GetParam() == 4; }
    IpAddress own() const { return v4() ? stack.own_v4 : stack.own_v6; }
    IpAddress near() const { return v4() ? stack.peer_v4 : stack.peer_v6; }
    IpAddress far() const { return v4() ? stack.far_v4 : stack.far_v6; }
};
INSTANTIATE_TEST_SUITE_P(Versions, PathTest, testing::Values(4, 6));

TEST_P(PathTest, ResolvesANeighbourAndSends) {
    auto path = Path::find(near());
    ASSERT_TRUE(path);
    EXPECT_EQ(path->source(), own());
    EXPECT_EQ(path->mtu(), 1500);
    ASSERT_TRUE(path->send(make_packet("hello"), transport.options()));
    auto sent = stack.peer.take_one();
    EXPECT_EQ(sent.from, stack.device.mac());
    EXPECT_EQ(sent.to, stack.peer.mac);
    EXPECT_EQ(sent.ip.source, own());
    EXPECT_EQ(sent.ip.destination, near());
    EXPECT_EQ(sent.ip.protocol, TestTransport::protocol);
    EXPECT_EQ(sent.ip.hop_limit, 64);
    EXPECT_TRUE(!v4() || sent.ip.dont_fragment);
    EXPECT_EQ(sent.payload, fakes::text("hello"));
}

TEST_P(PathTest, GoesThroughTheGateway) {
    auto path = Path::find(far());
    ASSERT_TRUE(path);
    EXPECT_EQ(path->source(), own());
    ASSERT_TRUE(path->send(make_packet("far"), transport.options()));
    auto sent = stack.peer.take_one();
    EXPECT_EQ(sent.to, stack.peer.mac);
    EXPECT_EQ(sent.ip.destination, far());
}

TEST_P(PathTest, DeliversWhatComes) {
    stack.peer.send({.source = near(), .destination = own(), .protocol = TestTransport::protocol, .hop_limit = 9, .traffic_class = 0xb9},
                    fakes::text("in"));
    ASSERT_EQ(transport.received().size(), 1u);
    auto& got = transport.received()[0];
    EXPECT_EQ(got.bytes, fakes::text("in"));
    EXPECT_EQ(got.source, near());
    EXPECT_EQ(got.destination, own());
    EXPECT_EQ(got.hop_limit, 9);
    EXPECT_EQ(got.traffic_class, 0xb9);
    EXPECT_FALSE(got.broadcast);
    EXPECT_EQ(transport.batches(), 1);
}

TEST_P(PathTest, ReachesItselfWithoutADevice) {
    for (auto& address : {own(), v4() ? ip("127.0.0.1") : ip("::1")}) {
        auto path = Path::find(address);
        ASSERT_TRUE(path);
        EXPECT_TRUE(path->interface()->loopback());
        EXPECT_EQ(path->source(), address);
        ASSERT_TRUE(path->send(make_packet("self"), transport.options()));
        EXPECT_TRUE(transport.received().empty()) << "not within the sender's call";
        EXPECT_TRUE(stack.peer.take().empty());
        ASSERT_EQ(transport.received().size(), 1u);
        EXPECT_EQ(transport.received()[0].bytes, fakes::text("self"));
        EXPECT_EQ(transport.received()[0].source, address);
        transport.clear();
    }
}

TEST_P(PathTest, AnswersEcho) {
    auto body = fakes::pattern_bytes(1000);
    stack.peer.send({.source = far(), .destination = own(), .protocol = static_cast<u8>(v4() ? 1 : 58)},
                    fakes::icmp_message(far(), own(), v4() ? 8 : 128, 0, 0x1234'0001, body));
    auto sent = stack.peer.take_one();
    EXPECT_EQ(sent.ip.destination, far());
    EXPECT_EQ(sent.payload[0], v4() ? 0 : 129);
    EXPECT_EQ(fakes::Bytes(sent.payload.begin() + 8, sent.payload.end()), body);
}

}  // namespace
}  // namespace spore::net
