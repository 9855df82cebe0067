// Multicast: what hosts tell routers of their groups, and which datagrams to a group a socket gets.
#include <gtest/gtest.h>

#include "kernel/net/ip/arrival.hpp"
#include "kernel/net/udp/udp.hpp"
#include "tests/fakes/net/stack.hpp"
#include "tests/unit/kernel/net/bytes.hpp"

namespace spore::net {
namespace {

using fakes::big;
using fakes::Bytes;
using fakes::ip;
using fakes::operator+;

class GroupTest : public testing::TestWithParam<int> {
protected:
    GroupTest() {
        udp::start();
        stack.peer.show_group_reports = true;
        stack.advance(Duration::seconds(5));  // what is told of the addresses' groups
        (void)stack.peer.take();
    }
    fakes::Stack stack;
    bool v4() const { return GetParam() == 4; }
    IpAddress own() const { return v4() ? stack.own_v4 : stack.own_v6; }
    IpAddress near() const { return v4() ? stack.peer_v4 : stack.peer_v6; }
    IpAddress group() const { return ip(v4() ? "239.1.2.3" : "ff05::123"); }
    Bytes group_bytes() const {
        auto address = group();
        auto wire = address.wire_bytes();
        auto* data = reinterpret_cast<const u8*>(wire.data());
        return Bytes(data, data + wire.size());
    }
    Shared<udp::Socket> bound(u16 port) {
        auto socket = *udp::create(nullptr);
        EXPECT_TRUE(socket->bind(*Binding::create(Transport::udp, {v4() ? IpAddress::any_v4() : IpAddress(), port, 0}, {.reuse_address = true})));
        return socket;
    }
    void router_asks(const Bytes& body, u8 type, u8 code) { send_message(v4() ? ip("224.0.0.1") : ip("ff02::1"), body, type, code); }
    void host_reports(const Bytes& body, u8 type) { send_message(group(), body, type, 0); }
    void send_message(const IpAddress& to, const Bytes& body, u8 type, u8 code) {
        auto from = v4() ? near() : ip("fe80::99");
        Bytes message = v4() ? Bytes{type, code, 0, 0} + body : fakes::icmp_message(from, to, type, 0, static_cast<u32>(fakes::read_big(body, 0, 4)), Bytes(body.begin() + 4, body.end()));
        if (v4()) {
            auto sum = fakes::plain_checksum(message);
            message[2] = static_cast<u8>(sum >> 8), message[3] = static_cast<u8>(sum);
        }
        stack.peer.send({.source = from, .destination = to, .protocol = v4() ? u8{2} : u8{58}, .hop_limit = 1}, message);
    }
    /// Reports of our group among what was sent, by their first byte; `change` of the newest version's.
    std::vector<u8> changes() {
        std::vector<u8> all;
        for (auto& sent : stack.peer.take()) {
            auto& p = sent.payload;
            if (p.empty() || sent.ip.options.empty()) continue;
            EXPECT_EQ(sent.ip.hop_limit, 1);
            std::size_t record = 8;
            bool newest = p[0] == (v4() ? 0x22 : 143);
            std::size_t at = newest ? record + 4 : v4() ? 4 : 8;
            if (Bytes(p.begin() + static_cast<long>(at), p.begin() + static_cast<long>(at + group_bytes().size())) != group_bytes()) continue;
            all.push_back(newest ? p[record] : p[0]);
        }
        return all;
    }
};
INSTANTIATE_TEST_SUITE_P(Versions, GroupTest, testing::Values(4, 6));

TEST_P(GroupTest, TellsOfJoiningTwiceAndOfLeavingOnce) {
    auto one = bound(5000), two = bound(5000);
    EXPECT_TRUE(one->join(group(), 2));
    EXPECT_TRUE(two->join(group(), 2));
    stack.advance(Duration::seconds(5));
    EXPECT_EQ(changes(), (std::vector<u8>{4, 4})) << "the second member is nobody's business";
    EXPECT_TRUE(one->leave(group(), 2));
    EXPECT_TRUE(changes().empty());
    two->close();
    EXPECT_EQ(changes(), std::vector<u8>{3});
}

TEST_P(GroupTest, AnswersRouters) {
    auto socket = bound(5000);
    EXPECT_TRUE(socket->join(group(), 2));
    stack.advance(Duration::seconds(5));
    (void)stack.peer.take();
    router_asks(v4() ? big(0, 4) + big(0, 4) : big(1000u << 16, 4) + Bytes(16) + big(0, 4), v4() ? 0x11 : 130, 10);
    stack.advance(Duration::ms(1000));
    EXPECT_EQ(changes(), std::vector<u8>{2});
    // An older router, about this group; from now on in its language.
    router_asks(v4() ? group_bytes() : big(1000u << 16, 4) + group_bytes(), v4() ? 0x11 : 130, 10);
    stack.advance(Duration::ms(1000));
    EXPECT_EQ(changes(), std::vector<u8>{v4() ? u8{0x16} : u8{131}});
    socket->close();
    EXPECT_EQ(changes(), std::vector<u8>{v4() ? u8{0x17} : u8{132}});
}

TEST_P(GroupTest, OneReportForTheLinkIsEnoughForOlderRouters) {
    auto socket = bound(5000);
    EXPECT_TRUE(socket->join(group(), 2));
    stack.advance(Duration::seconds(5));
    (void)stack.peer.take();
    auto ask = [&] { router_asks(v4() ? group_bytes() : big(1000u << 16, 4) + group_bytes(), v4() ? 0x11 : 130, 10); };
    auto another_reports = [&] { host_reports(v4() ? group_bytes() : big(0, 4) + group_bytes(), v4() ? 0x16 : 131); };
    another_reports();  // before there was an older router this says nothing
    ask();
    stack.advance(Duration::ms(1000));
    EXPECT_EQ(changes().size(), 1u);
    ask();
    another_reports();
    stack.advance(Duration::seconds(10));
    EXPECT_TRUE(changes().empty());
    socket->close();
    EXPECT_TRUE(changes().empty()) << "the other one is still a member";
}

TEST_P(GroupTest, TellsOlderRoutersOfLeavingAgainOnceItHasReported) {
    auto socket = bound(5000);
    EXPECT_TRUE(socket->join(group(), 2));
    stack.advance(Duration::seconds(5));
    (void)stack.peer.take();
    auto ask = [&] { router_asks(v4() ? group_bytes() : big(1000u << 16, 4) + group_bytes(), v4() ? 0x11 : 130, 10); };
    ask();
    host_reports(v4() ? group_bytes() : big(0, 4) + group_bytes(), v4() ? 0x16 : 131);
    ask();
    stack.advance(Duration::ms(1000));
    EXPECT_EQ(changes().size(), 1u);
    socket->close();
    EXPECT_EQ(changes(), std::vector<u8>{v4() ? u8{0x17} : u8{132}});
}

TEST_P(GroupTest, TellsNothingOfGroupsOfThisHostOnly) {
    auto socket = bound(5000);
    EXPECT_TRUE(socket->join(ip(v4() ? "224.0.0.1" : "ff01::5"), 2));
    stack.advance(Duration::seconds(5));
    EXPECT_TRUE(stack.peer.take().empty());
}

TEST_P(GroupTest, GetsWhatWasJoined) {
    auto member = bound(5000), stranger = bound(5000), choosy = bound(5000);
    auto options = stranger->options();
    options.multicast_all = false;
    stranger->set_options(options);
    EXPECT_TRUE(member->join(group(), 2));
    EXPECT_TRUE(choosy->join(group(), 2, ip(v4() ? "10.0.0.77" : "fd00::77")));
    auto datagram = fakes::udp_datagram(near(), 9, group(), 5000, fakes::text("to all"));
    stack.peer.send_frame(fakes::ethernet_frame({{0x33, 0x33, 0, 0, 0, 1}}, stack.peer.mac, v4() ? 0x0800 : 0x86dd,
                                                fakes::ip_packet({.source = near(), .destination = group(), .protocol = 17}, datagram)));
    EXPECT_EQ(received_bytes(*member), fakes::text("to all"));
    EXPECT_EQ(stranger->receivable(), 0u);
    EXPECT_EQ(choosy->receivable(), 0u) << "another source";
    EXPECT_TRUE(choosy->join(group(), 2, near()));
    EXPECT_FALSE(choosy->join(group(), 2)) << "everybody or some";
    stack.peer.send_frame(fakes::ethernet_frame({{0x33, 0x33, 0, 0, 0, 1}}, stack.peer.mac, v4() ? 0x0800 : 0x86dd,
                                                fakes::ip_packet({.source = near(), .destination = group(), .protocol = 17}, datagram)));
    EXPECT_EQ(received_bytes(*choosy), fakes::text("to all"));
}

TEST_P(GroupTest, HearsItselfUnlessItDoesNotWantTo) {
    auto socket = bound(5000);
    EXPECT_TRUE(socket->join(group(), 2));
    Endpoint to{group(), 5000, 2};
    EXPECT_TRUE(send_bytes(*socket, fakes::text("me"), {.to = &to}));
    auto sent = stack.peer.take();
    EXPECT_EQ(std::count_if(sent.begin(), sent.end(), [&](auto& one) { return one.ip.protocol == 17 && one.ip.hop_limit == 1; }), 1);
    EXPECT_EQ(received_bytes(*socket), fakes::text("me"));
    auto options = socket->options();
    options.multicast_loop = false;
    socket->set_options(options);
    EXPECT_TRUE(send_bytes(*socket, fakes::text("not me"), {.to = &to}));
    options.multicast_loop = true, options.multicast_hop_limit = 0;
    socket->set_options(options);
    (void)stack.peer.take();
    EXPECT_EQ(socket->receivable(), 0u);
    EXPECT_TRUE(send_bytes(*socket, fakes::text("only me"), {.to = &to}));
    EXPECT_TRUE(stack.peer.take().empty()) << "not beyond this machine";
    EXPECT_EQ(received_bytes(*socket), fakes::text("only me"));
}

}  // namespace
}  // namespace spore::net
