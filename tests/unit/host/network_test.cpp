#include "host/plan/network.hpp"

#include <gtest/gtest.h>

namespace spore::host {
namespace {

TEST(Network, ReadsPorts) {
    auto one = parse_ports("8080:80");
    ASSERT_TRUE(one);
    EXPECT_EQ(*one, (std::vector<PortForward>{{"", 8080, 80, false}}));
    auto range = parse_ports("127.0.0.1:5000-5001:53-54/udp");
    ASSERT_TRUE(range);
    EXPECT_EQ(*range, (std::vector<PortForward>{{"127.0.0.1", 5000, 53, true}, {"127.0.0.1", 5001, 54, true}}));
    for (const char* wrong : {"80", "", ":", "0:80", "80:0", "65536:80", "8080:80/sctp", "9-8:2-1", "1-2:1-3", "::1:80:80", "name:80:80", "80:80:"})
        EXPECT_FALSE(parse_ports(wrong)) << wrong;
}

TEST(Network, ReadsAddresses) {
    EXPECT_EQ(parse_interface_address("192.0.2.7/24")->text(), "192.0.2.7/24");
    EXPECT_EQ(parse_interface_address("2001:db8::7/64")->text(), "2001:db8::7/64");
    EXPECT_TRUE(parse_address("192.0.2.7")->is_v4());
    EXPECT_FALSE(parse_address("2001:db8::7")->is_v4());
    for (const char* wrong : {"192.0.2.7", "192.0.2.7/33", "2001:db8::7/129", "192.0.2/24", "/24", "192.0.2.7/", "192.0.2.7/2x"})
        EXPECT_FALSE(parse_interface_address(wrong)) << wrong;
}

TEST(Network, ReadsMacAddresses) {
    EXPECT_EQ(text_of(*parse_mac("52:54:00:ab:CD:1")), "52:54:00:ab:cd:01");
    for (const char* wrong : {"", "52:54:00:ab:cd", "52:54:00:ab:cd:1:", "52:54:00:ab:cd:1:2", "53:54:00:ab:cd:01", "52-54-00-ab-cd-01", "520:54:00:ab:cd:1"})
        EXPECT_FALSE(parse_mac(wrong)) << wrong;
}

TEST(Network, IsThereWhenItIsAskedFor) {
    EXPECT_FALSE(make_network({}, false)->present());
    auto with_port = make_network({.ports = {{"", 8080, 80, false}}}, false);
    ASSERT_TRUE(with_port);
    EXPECT_EQ(with_port->choice.kind, NetworkKind::user);
    EXPECT_EQ(with_port->addresses.size(), 2u);
    EXPECT_EQ(with_port->gateway_v4->text(), "10.0.2.2");
    auto tap = make_network({.choice = NetworkChoice{NetworkKind::tap, "tap0"}}, false);
    ASSERT_TRUE(tap);
    EXPECT_TRUE(tap->addresses.empty());
    EXPECT_FALSE(make_network({.choice = NetworkChoice{NetworkKind::tap, "tap0"}, .ports = {{"", 8080, 80, false}}}, false));
    EXPECT_FALSE(make_network({.choice = NetworkChoice{NetworkKind::none, ""}, .ports = {{"", 8080, 80, false}}}, false));
    EXPECT_FALSE(make_network({.choice = NetworkChoice{}, .nic = Nic::e1000}, false));
    EXPECT_TRUE(make_network({.choice = NetworkChoice{}, .nic = Nic::e1000}, true));
}

}  // namespace
}  // namespace spore::host
