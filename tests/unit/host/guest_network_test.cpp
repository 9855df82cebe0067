// What `spore net` makes of the guest's texts.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "host/network/report.hpp"

namespace spore::host {
namespace {

GuestNetwork example() {
    GuestNetwork network;
    network.take_layout("interface lo 00:00:00:00:00:00 65535 up\naddress 127.0.0.1/8 preferred\n"
                        "interface eth0 52:54:00:12:34:56 1500 up\naddress fe80:0000:0000:0000:5054:00ff:fe12:3456/64 tentative\n"
                        "route 0.0.0.0/0 10.0.2.2 eth0 5\nroute 10.0.2.0/24 - eth0 0\n");
    network.take_counters("Inter-|   Receive | Transmit\n face |bytes packets|bytes packets\n"
                          "eth0: 525 8 1 2 0 0 0 0 1900 16 0 3 0 0 0 0\n");
    network.take_resolver("search example.org\nnameserver 10.0.2.3\n");
    network.take_drops("TcpExt: ListenDrops Drop_checksum Drop_no_port\nTcpExt: 9 0 4\n");
    network.take_sockets("tcp", "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
                                "0: 00000000:0050 00000000:0000 0A 00000005:00000000 00:00000000 00000000 0 0 7 1 0 100 0 0 10 0\n"
                                "1: 0F02000A:0050 0202000A:1F90 01 00000010:00000002 00:00000000 00000000 0 0 8 1 0 100 0 0 10 0\n");
    network.take_sockets("udp6", "0: 00000000000000000000000001000000:0035 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 9 1 0 0\n");
    return network;
}

TEST(GuestNetwork, UnderstandsTheGuestsTexts) {
    auto network = example();
    ASSERT_EQ(network.interfaces.size(), 2u);
    auto& eth0 = network.interfaces[1];
    EXPECT_EQ(eth0.mtu, 1500u);
    ASSERT_EQ(eth0.addresses.size(), 1u);
    EXPECT_EQ(eth0.addresses[0].text, "fe80::5054:ff:fe12:3456/64");
    EXPECT_EQ(eth0.addresses[0].state, "tentative");
    EXPECT_EQ(eth0.received.packets, 8u);
    EXPECT_EQ(eth0.received.dropped, 2u);
    EXPECT_EQ(eth0.sent.bytes, 1900u);
    ASSERT_EQ(network.routes.size(), 2u);
    EXPECT_EQ(network.routes[0].gateway, "10.0.2.2");
    EXPECT_EQ(network.routes[1].gateway, "");
    EXPECT_EQ(network.resolvers, std::vector<std::string>{"10.0.2.3"});
    ASSERT_EQ(network.drops.size(), 1u);
    EXPECT_EQ(network.drops[0].reason, "no_port");
    ASSERT_EQ(network.sockets.size(), 3u);
    EXPECT_EQ(network.sockets[1].local, "10.0.2.15:80");
    EXPECT_EQ(network.sockets[1].remote, "10.0.2.2:8080");
    EXPECT_EQ(network.sockets[1].state, "ESTAB");
    EXPECT_EQ(network.sockets[1].send_queue, 16u);
    EXPECT_EQ(network.sockets[1].receive_queue, 2u);
    EXPECT_EQ(network.sockets[2].protocol, "udp");
    EXPECT_EQ(network.sockets[2].local, "[::1]:53");
    EXPECT_EQ(network.sockets[2].remote, "[::]:*");
}

TEST(GuestNetwork, LeavesOutWhatIsDamaged) {
    GuestNetwork network;
    network.take_layout("address 1.2.3.4/8 preferred\ninterface\nroute a b\n\n");
    network.take_counters("eth9: 1 2 3\n:\n");
    network.take_drops("TcpExt: Drop_a\nTcpExt:\n");
    network.take_sockets("tcp", "0: 0F02000A:0050 0202000A 01 0:0 0 0 0 0 0\n0: XYZ:1 00000000:0 01 0:0 0 0 0 0 0\n");
    EXPECT_TRUE(network.interfaces.empty() && network.routes.empty() && network.drops.empty() && network.sockets.empty());
}

TEST(GuestNetwork, TextCountsConnectionsUnlessAllAreWanted) {
    auto network = example();
    auto text = as_text(network, Sockets::listening);
    EXPECT_NE(text.find("LISTEN      0.0.0.0:80"), text.npos) << text;
    EXPECT_NE(text.find("ESTAB       1 (-a"), text.npos) << text;
    EXPECT_EQ(text.find("10.0.2.2:8080"), text.npos) << text;
    EXPECT_NE(text.find("default                        via 10.0.2.2 eth0"), text.npos) << text;
    EXPECT_NE(as_text(network, Sockets::all).find("10.0.2.2:8080"), text.npos);
}

TEST(GuestNetwork, JsonHasEverySocket) {
    auto json = nlohmann::json::parse(as_json(example()));
    EXPECT_EQ(json["sockets"].size(), 3u);
    EXPECT_EQ(json["interfaces"][1]["addresses"][0]["state"], "tentative");
    EXPECT_FALSE(json["routes"][1].contains("gateway"));
}

}  // namespace
}  // namespace spore::host
