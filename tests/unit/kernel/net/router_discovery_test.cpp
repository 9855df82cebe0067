// Router advertisements: what they give, and what strangers cannot do with them.
#include "kernel/net/ip/router_discovery.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "kernel/net/ip/route.hpp"
#include "kernel/net/start.hpp"
#include "tests/fakes/net/stack.hpp"

namespace spore::net {
namespace {

using fakes::Bytes;
using fakes::big;
using fakes::ip;
using fakes::operator+;
using fakes::Stack;

class RouterTest : public testing::Test {
protected:
    RouterTest() { router_discovery::start(*stack.interface); }

    static Bytes bytes_of_address(const char* text) {
        auto all = ip(text).bytes();
        return Bytes(all.begin(), all.end());
    }
    static Bytes prefix(const char* base, u32 valid, u32 preferred, u8 flags = 0xc0, u8 length = 64) {
        return Bytes{3, 4, length, flags} + big(valid, 4) + big(preferred, 4) + big(0, 4) + bytes_of_address(base);
    }
    /// An advertisement of the peer's.
    void advertise(u16 lifetime, const Bytes& options, const char* from = "fe80::99", u8 hop_limit = 255) {
        auto body = big(0, 8) + options;  // reachable time, retransmission timer
        auto message = fakes::icmp_message(ip(from), ip("ff02::1"), 134, 0, 64u << 24 | lifetime, body);
        stack.peer.send({.source = ip(from), .destination = ip("ff02::1"), .protocol = 58, .hop_limit = hop_limit}, message);
    }
    std::optional<InterfaceAddress> find(const char* address) const {
        InterfaceAddress list[Interface::max_addresses];
        auto count = stack.interface->addresses(list);
        auto* at = std::find_if(list, list + count, [&](auto& one) { return one.address == ip(address); });
        return at == list + count ? std::nullopt : std::optional(*at);
    }
    std::size_t count(Route::Origin origin) const {
        Route list[max_routes];
        auto all = routes(list);
        return static_cast<std::size_t>(std::count_if(list, list + all, [&](auto& one) { return one.origin == origin; }));
    }
    Stack stack;
    const char* formed = "2001:db8:5::5054:ff:fe00:1";
};

TEST_F(RouterTest, AsksThreeTimesAndThenWaits) {
    stack.advance(Duration::seconds(60));
    int solicitations = 0;
    for (auto& sent : stack.peer.take())
        if (sent.ip.protocol == 58 && sent.payload.at(0) == 133) {
            ++solicitations;
            EXPECT_EQ(sent.ip.hop_limit, 255);
            EXPECT_EQ(sent.ip.destination, ip("ff02::2"));
        }
    EXPECT_EQ(solicitations, 3);
}

TEST_F(RouterTest, TakesAddressRouteServersAndSize) {
    advertise(1800, prefix("2001:db8:5::", 3600, 1800) + Bytes{5, 1, 0, 0} + big(1400, 4) + Bytes{25, 3, 0, 0} + big(600, 4) + bytes_of_address("2001:db8:5::53") +
                        Bytes{31, 2, 0, 0} + big(600, 4) + Bytes{3, 'l', 'a', 'n', 0, 0, 0, 0});
    auto address = find(formed);
    ASSERT_TRUE(address);
    EXPECT_TRUE(address->tentative);
    stack.advance(Duration::seconds(2));
    EXPECT_FALSE(find(formed)->tentative);
    EXPECT_EQ(stack.interface->mtu_v6(), 1400);
    EXPECT_EQ(stack.interface->mtu(), 1500) << "IPv4's stays";
    auto told = resolver();
    ASSERT_EQ(told.count, 1u);
    EXPECT_EQ(told.servers[0], ip("2001:db8:5::53"));
    EXPECT_STREQ(told.search, "lan");
    EXPECT_TRUE(find_route(ip("2001:db8:5::99"))->on_link());
    EXPECT_EQ(count(Route::Origin::router), 2u) << "the default and the network's";
    stack.advance(Duration::seconds(700));
    EXPECT_EQ(resolver().count, 0u);
    stack.advance(Duration::seconds(1200));
    EXPECT_TRUE(find(formed)->deprecated);
    EXPECT_EQ(count(Route::Origin::router), 1u) << "the default route is over";
    stack.advance(Duration::seconds(1800));
    EXPECT_FALSE(find(formed));
    EXPECT_EQ(count(Route::Origin::router), 0u);
}

TEST_F(RouterTest, LetsNobodyEndAnAddressAtOnce) {
    advertise(1800, prefix("2001:db8:5::", 86400, 86400));
    stack.advance(Duration::seconds(2));
    advertise(0, prefix("2001:db8:5::", 0, 0));
    stack.advance(Duration::seconds(7000));
    ASSERT_TRUE(find(formed));
    EXPECT_TRUE(find(formed)->deprecated);
    stack.advance(Duration::seconds(300));
    EXPECT_FALSE(find(formed));
}

TEST_F(RouterTest, BelievesOnlyRoutersOfItsLink) {
    advertise(1800, prefix("2001:db8:5::", 3600, 1800), "fe80::99", 64);       // passed a router
    advertise(1800, prefix("2001:db8:5::", 3600, 1800), "2001:db8::1");        // no link-local source
    advertise(1800, prefix("2001:db8:5::", 3600, 1800) + Bytes{3, 0});         // an option of no size
    advertise(1800, prefix("2001:db8:5::", 1800, 3600, 0x40));                 // preferred longer than valid
    advertise(1800, prefix("fe80::", 3600, 1800) + prefix("ff02::", 3600, 1800) + prefix("2001:db8:6::", 3600, 1800, 0xc0, 200));
    EXPECT_FALSE(find(formed));
    EXPECT_EQ(count(Route::Origin::router), 1u) << "the last two come from a router all the same";
}

TEST_F(RouterTest, HasLimits) {
    for (unsigned i = 0; i < 100; ++i) {
        auto base = "2001:db8:" + std::to_string(i) + "::";
        auto from = "fe80::" + std::to_string(i);
        advertise(1800, prefix(base.c_str(), 3600, 1800), from.c_str());
    }
    InterfaceAddress list[Interface::max_addresses];
    EXPECT_LE(stack.interface->addresses(list), 3u + 8u);
    EXPECT_LE(count(Route::Origin::router), 24u);
    EXPECT_TRUE(add_route({.prefix = Prefix::v4(0x0a090000, 16), .gateway = stack.peer_v4, .interface = stack.interface->index()})) << "room is left for others";
}

TEST_F(RouterTest, FormsNoMoreAddressesAfterAConflict) {
    stack.peer.addresses.push_back(ip(formed));
    advertise(1800, prefix("2001:db8:5::", 3600, 1800));
    stack.advance(Duration::seconds(2));
    EXPECT_FALSE(find(formed));
    advertise(1800, prefix("2001:db8:5::", 3600, 1800));
    EXPECT_FALSE(find(formed));
}

TEST_F(RouterTest, HearsItsOwnQuestionWithoutBeingMisled) {
    auto ask_about = [&](const char* text, bool reflected) {
        auto group = ip("ff02::1:ff00:1");
        auto frame = stack.peer.frame_of({.source = ip("::"), .destination = group, .protocol = 58, .hop_limit = 255},
                                         fakes::icmp_message(ip("::"), group, 135, 0, 0, bytes_of_address(text)));
        auto mac = stack.device.mac();
        if (reflected) std::copy(mac.bytes.begin(), mac.bytes.end(), frame.begin() + 6);
        stack.peer.send_frame(frame);
    };
    advertise(1800, prefix("2001:db8:5::", 3600, 1800));
    ask_about(formed, true);
    stack.advance(Duration::seconds(2));
    ASSERT_TRUE(find(formed));
    EXPECT_FALSE(find(formed)->tentative);
    // Another host's is another matter.
    advertise(1800, prefix("2001:db8:6::", 3600, 1800));
    ask_about("2001:db8:6::5054:ff:fe00:1", false);
    EXPECT_FALSE(find("2001:db8:6::5054:ff:fe00:1"));
}

TEST_F(RouterTest, BelievesNobodyWhoSpeaksInFragments) {
    auto message = fakes::icmp_message(ip("fe80::99"), ip("ff02::1"), 134, 0, 64u << 24 | 1800u, big(0, 8) + prefix("2001:db8:5::", 3600, 1800));
    Bytes fragment_header = Bytes{58, 0, 0, 0} + big(7, 4);  // the whole message as a single fragment
    stack.peer.send({.source = ip("fe80::99"), .destination = ip("ff02::1"), .protocol = 44, .hop_limit = 255}, fragment_header + message);
    EXPECT_FALSE(find(formed));
    stack.peer.send({.source = ip("fe80::99"), .destination = ip("ff02::1"), .protocol = 58, .hop_limit = 255}, message);
    EXPECT_TRUE(find(formed));
}

TEST_F(RouterTest, AnAddressThatWasRenewedLeavesItsGroup) {
    auto group = ip("ff02::1:ff00:1234");
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(stack.interface->add_address({.address = ip("2001:db8:9::1234"), .prefix_length = 64}));
    EXPECT_TRUE(stack.interface->is_member(group));
    ASSERT_TRUE(stack.interface->remove_address(ip("2001:db8:9::1234")));
    EXPECT_FALSE(stack.interface->is_member(group));
}

TEST_F(RouterTest, AnAddressWithoutAPlaceForItsGroupDoesNotStay) {
    for (u32 i = 0; stack.interface->join(IpAddress::v4(0xe0010000 + i)); ++i) {}
    EXPECT_FALSE(stack.interface->add_address({.address = ip("2001:db8:9::1234"), .prefix_length = 64}));
    EXPECT_FALSE(find("2001:db8:9::1234"));
}

TEST_F(RouterTest, ANetworkStaysOnTheLinkWithoutAnAddressInIt) {
    stack.peer.addresses.push_back(ip(formed));
    advertise(1800, prefix("2001:db8:5::", 3600, 1800));
    stack.advance(Duration::seconds(2));
    ASSERT_FALSE(find(formed)) << "somebody else has it";
    EXPECT_TRUE(find_route(ip("2001:db8:5::99"))->on_link());
    // One set by hand there comes and goes beside it.
    ASSERT_TRUE(stack.interface->add_address({.address = ip("2001:db8:5::7"), .prefix_length = 64}));
    ASSERT_TRUE(stack.interface->remove_address(ip("2001:db8:5::7")));
    EXPECT_TRUE(find_route(ip("2001:db8:5::99"))->on_link());
    stack.advance(Duration::seconds(3600));
    EXPECT_NE(find_route(ip("2001:db8:5::99"))->origin, Route::Origin::router) << "as long as the router said";
}

TEST_F(RouterTest, AnAddressDoesNotPutItsNetworkOnTheLink) {
    advertise(1800, prefix("2001:db8:5::", 3600, 1800, 0x40));
    stack.advance(Duration::seconds(2));
    ASSERT_TRUE(find(formed));
    EXPECT_FALSE(find_route(ip("2001:db8:5::99"))->on_link()) << "[RFC 5942 4]";
}

}  // namespace
}  // namespace spore::net
