// The DHCP client against a server on the wire that keeps or breaks the rules.
#include "kernel/net/dhcp/dhcp.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "kernel/net/ip/route.hpp"
#include "kernel/net/start.hpp"
#include "kernel/net/udp/udp.hpp"
#include "kernel/net/ip/arrival.hpp"
#include "tests/fakes/net/stack.hpp"

namespace spore::net {
namespace {

using fakes::Bytes;
using fakes::big;
using fakes::operator+;
using fakes::ip;
using fakes::Stack;

constexpr u8 discover = 1, offer = 2, request = 3, decline = 4, ack = 5, nak = 6;

/// A message of the client's, taken apart by code of the test's own.
struct Question {
    u8 type = 0;
    u32 transaction = 0, ciaddr = 0;
    u16 flags = 0;
    Bytes client_name;
    u32 requested = 0, server = 0;
    IpAddress source, destination;
    std::size_t size = 0;
};

class DhcpTest : public testing::Test {
protected:
    DhcpTest() { udp::start(); }

    void begin(std::string_view name = "here") { ASSERT_TRUE(dhcp::start(*stack.interface, name)); }

    static std::optional<Question> parse(const fakes::Parsed& parsed) {
        auto& p = parsed.payload;
        if (!parsed.is_ip || parsed.ip.protocol != 17 || p.size() < 8 + 240 || fakes::read_big(p, 2, 2) != 67) return std::nullopt;
        EXPECT_EQ(fakes::read_big(p, 0, 2), 68u);
        EXPECT_EQ(fakes::read_big(p, 8 + 236, 4), 0x63825363u);
        Question q;
        q.size = p.size() - 8;
        q.transaction = static_cast<u32>(fakes::read_big(p, 12, 4));
        q.flags = static_cast<u16>(fakes::read_big(p, 18, 2));
        q.ciaddr = static_cast<u32>(fakes::read_big(p, 20, 4));
        q.source = parsed.ip.source, q.destination = parsed.ip.destination;
        for (std::size_t at = 248; at < p.size() && p[at] != 255;) {
            if (p[at] == 0) { ++at; continue; }
            u8 code = p[at], size = p[at + 1];
            Bytes value(p.begin() + static_cast<std::ptrdiff_t>(at) + 2, p.begin() + static_cast<std::ptrdiff_t>(at) + 2 + size);
            if (code == 53) q.type = value.at(0);
            if (code == 12) q.client_name = value;
            if (code == 50) q.requested = static_cast<u32>(fakes::read_big(value, 0, 4));
            if (code == 54) q.server = static_cast<u32>(fakes::read_big(value, 0, 4));
            at += 2u + size;
        }
        return q;
    }
    /// The DHCP messages that the client has sent since.
    std::vector<Question> questions() {
        std::vector<Question> all;
        for (auto& parsed : stack.peer.take()) {
            if (auto q = parse(parsed)) all.push_back(*q);
            else others.push_back(parsed);
        }
        return all;
    }
    Question one() {
        auto all = questions();
        EXPECT_EQ(all.size(), 1u);
        return all.empty() ? Question{} : all.front();
    }

    Bytes usual_options(u32 lease = 3600) const {
        return Bytes{54, 4} + big(server, 4) + Bytes{51, 4} + big(lease, 4) + Bytes{1, 4} + big(0xffffff00, 4) + Bytes{3, 4} + big(server, 4) +
               Bytes{6, 8} + big(server, 4) + big(0x08080808, 4);
    }
    void answer(u32 transaction, u8 type, u32 address, const Bytes& options, const IpAddress& to = ip("255.255.255.255")) {
        auto mac = stack.device.mac();
        Bytes message = Bytes{2, 1, 6, 0} + big(transaction, 4) + big(0, 4) + big(0, 4) + big(address, 4) + big(server, 4) + big(0, 4) +
                        Bytes(mac.bytes.begin(), mac.bytes.end()) + Bytes(10 + 64 + 128) + big(0x63825363, 4) +
                        Bytes{53, 1, type} + options + Bytes{255};
        auto from = IpAddress::v4(server);
        stack.peer.send({.source = from, .destination = to, .protocol = 17}, fakes::udp_datagram(from, 67, to, 68, message));
    }
    void lease_address(u32 seconds = 3600) {
        begin();
        answer(one().transaction, offer, granted, usual_options(seconds));
        answer(one().transaction, ack, granted, usual_options(seconds));
        stack.advance(Duration::seconds(1));
        ASSERT_TRUE(questions().empty());
        ASSERT_TRUE(usable(granted));
    }
    bool usable(u32 address) const { return stack.interface->has_address(IpAddress::v4(address)) && !stack.interface->is_tentative(IpAddress::v4(address)); }

    Stack stack;
    std::vector<fakes::Parsed> others;
    const u32 server = 0xc0000201, granted = 0xc0000237;  // 192.0.2.1, 192.0.2.55
};

TEST_F(DhcpTest, GetsAnAddressWithItsNetwork) {
    begin();
    auto first = one();
    EXPECT_EQ(first.type, discover);
    EXPECT_EQ(first.source, ip("0.0.0.0"));
    EXPECT_EQ(first.destination, ip("255.255.255.255"));
    EXPECT_EQ(first.flags, 0x8000);
    EXPECT_EQ(first.client_name, fakes::text("here"));
    EXPECT_GE(first.size, 300u);
    answer(first.transaction, offer, granted, usual_options());
    auto second = one();
    EXPECT_EQ(second.type, request);
    EXPECT_EQ(second.requested, granted);
    EXPECT_EQ(second.server, server);
    answer(second.transaction, ack, granted, usual_options() + Bytes{26, 2} + big(1400, 2) + Bytes{15, 7} + fakes::text("lan.net"));
    EXPECT_FALSE(usable(granted)) << "it is being checked";
    stack.advance(Duration::ms(200));
    EXPECT_TRUE(usable(granted));
    EXPECT_EQ(stack.interface->mtu(), 1400);
    auto route = find_route(ip("192.0.2.99"));
    ASSERT_TRUE(route);
    EXPECT_TRUE(route->on_link());
    auto told = resolver();
    ASSERT_EQ(told.count, 2u);
    EXPECT_EQ(told.servers[1], ip("8.8.8.8"));
    EXPECT_STREQ(told.search, "lan.net");
    (void)questions();
    ASSERT_FALSE(others.empty());
    EXPECT_EQ(others.back().type, 0x0806) << "the address is announced";
}

TEST_F(DhcpTest, AsksAgainUntilSomebodyAnswers) {
    begin();
    stack.advance(Duration::seconds(30));
    auto all = questions();
    EXPECT_GE(all.size(), 4u);
    EXPECT_LE(all.size(), 7u);
    for (auto& q : all) EXPECT_EQ(q.transaction, all.front().transaction);
    answer(all.front().transaction, offer, granted, usual_options());
    stack.advance(Duration::seconds(60));  // and then never an answer to its requests
    auto later = questions();
    ASSERT_GE(later.size(), 5u);
    EXPECT_EQ(later.front().type, request);
    EXPECT_EQ(later.back().type, discover);
}

TEST_F(DhcpTest, TakesClasslessRoutesInPlaceOfTheRouter) {
    begin();
    answer(one().transaction, offer, granted, usual_options());
    // 10.9.0.0/16 by 192.0.2.9; the default by 192.0.2.8; 10.8.8.8/32 on the link. In two pieces.
    Bytes list = Bytes{16, 10, 9, 192, 0, 2, 9, 0, 192, 0, 2, 8, 32, 10, 8, 8, 8, 0, 0, 0, 0};
    answer(one().transaction, ack, granted,
           usual_options() + Bytes{121, 10} + Bytes(list.begin(), list.begin() + 10) + Bytes{121, 11} + Bytes(list.begin() + 10, list.end()));
    stack.advance(Duration::ms(200));
    ASSERT_TRUE(find_route(ip("10.9.1.1")));
    EXPECT_EQ(find_route(ip("10.9.1.1"))->gateway, ip("192.0.2.9"));
    EXPECT_TRUE(find_route(ip("10.8.8.8"))->on_link());
    Route all[max_routes];
    auto count = routes(all);
    auto of_dhcp = std::count_if(all, all + count, [](auto& route) { return route.prefix.length == 96 && route.origin == Route::Origin::dhcp; });
    EXPECT_EQ(of_dhcp, 1) << "not the router option's besides";
}

TEST_F(DhcpTest, RenewsByUnicastThenByBroadcastThenGivesUp) {
    lease_address(800);
    stack.peer.addresses.push_back(IpAddress::v4(server));
    stack.advance(Duration::seconds(401));
    auto renewal = one();
    EXPECT_EQ(renewal.type, request);
    EXPECT_EQ(renewal.ciaddr, granted);
    EXPECT_EQ(renewal.requested, 0u);
    EXPECT_EQ(renewal.destination, IpAddress::v4(server));
    EXPECT_EQ(renewal.source, IpAddress::v4(granted));
    answer(renewal.transaction, ack, granted, usual_options(800), IpAddress::v4(granted));
    stack.advance(Duration::seconds(300));
    EXPECT_TRUE(questions().empty());
    stack.advance(Duration::seconds(300));  // now past the second half's begin, with nobody answering
    EXPECT_FALSE(questions().empty());
    stack.advance(Duration::seconds(140));
    auto rebinding = questions();
    ASSERT_FALSE(rebinding.empty());
    EXPECT_EQ(rebinding.back().destination, ip("255.255.255.255"));
    EXPECT_EQ(rebinding.back().ciaddr, granted);
    EXPECT_TRUE(usable(granted));
    stack.advance(Duration::seconds(100));
    EXPECT_FALSE(stack.interface->has_address(IpAddress::v4(granted)));
    EXPECT_EQ(questions().back().type, discover);
    EXPECT_EQ(resolver().count, 0u);
}

TEST_F(DhcpTest, IsNotMadeToAskWithoutAPause) {
    auto options = usual_options(800) + Bytes{59, 4} + big(0, 4);  // to be rebound at once
    begin();
    answer(one().transaction, offer, granted, options);
    answer(one().transaction, ack, granted, options);
    stack.advance(Duration::seconds(300));
    ASSERT_TRUE(usable(granted));
    EXPECT_TRUE(questions().empty());
}

TEST_F(DhcpTest, BeginsAnewWhenRefused) {
    lease_address(800);
    stack.peer.addresses.push_back(IpAddress::v4(server));
    stack.advance(Duration::seconds(401));
    answer(one().transaction, nak, 0, Bytes{54, 4} + big(server, 4), IpAddress::v4(granted));
    EXPECT_FALSE(stack.interface->has_address(IpAddress::v4(granted)));
    stack.advance(Duration::seconds(2));
    EXPECT_EQ(one().type, discover);
}

TEST_F(DhcpTest, DeclinesAnAddressThatSomebodyHas) {
    begin();
    stack.peer.addresses.push_back(IpAddress::v4(granted));
    answer(one().transaction, offer, granted, usual_options());
    answer(one().transaction, ack, granted, usual_options());
    stack.advance(Duration::seconds(1));
    auto told = one();
    EXPECT_EQ(told.type, decline);
    EXPECT_EQ(told.requested, granted);
    EXPECT_EQ(told.server, server);
    EXPECT_EQ(told.ciaddr, 0u);
    EXPECT_FALSE(stack.interface->has_address(IpAddress::v4(granted)));
    stack.advance(Duration::seconds(8));
    EXPECT_TRUE(questions().empty());
    stack.advance(Duration::ms(1500));
    EXPECT_EQ(one().type, discover);
}

TEST_F(DhcpTest, IgnoresWhatIsNotForIt) {
    begin();
    auto transaction = one().transaction;
    answer(transaction + 1, offer, granted, usual_options());
    answer(transaction, offer, 0x7f000001, usual_options());
    answer(transaction, offer, 0xe0000001, usual_options());
    answer(transaction, offer, granted, Bytes{51, 4} + big(60, 4));          // no server
    answer(transaction, offer, granted, Bytes{54, 4} + big(server, 4));      // no lease time
    answer(transaction, ack, granted, usual_options());                      // nothing was requested
    answer(transaction, offer, granted, usual_options() + Bytes{6, 200, 1}); // an option that leaves the message
    EXPECT_TRUE(questions().empty());
    EXPECT_EQ(stack.drops(Drop::malformed), 1u);
    answer(transaction, offer, granted, usual_options());
    EXPECT_EQ(one().type, request);
}

TEST_F(DhcpTest, AsksWhetherTheAddressHoldsWhenTheLinkComesBack) {
    lease_address();
    dhcp::link_up(*stack.interface);
    auto asked = one();
    EXPECT_EQ(asked.type, request);
    EXPECT_EQ(asked.requested, granted);
    EXPECT_EQ(asked.server, 0u);
    answer(asked.transaction, ack, granted, usual_options());
    stack.advance(Duration::seconds(10));
    EXPECT_TRUE(questions().empty());
    EXPECT_TRUE(usable(granted));
}

}  // namespace
}  // namespace spore::net
