// Hyper-V's network cards, with a host that keeps the rules, and with one that does not.
#include <gtest/gtest.h>

#include "kernel/drivers/hyperv/net/attach.hpp"
#include "kernel/drivers/hyperv/net/device.hpp"
#include "kernel/memory/fault_injection.hpp"
#include "tests/fakes/cpu.hpp"
#include "tests/fakes/hyperv_net.hpp"
#include "tests/unit/kernel/drivers/card_rig.hpp"
#include "tests/unit/kernel/drivers/tcp_packet.hpp"

namespace spore::drivers::hyperv::netvsc {
namespace {

using namespace wire::hyperv;
namespace rndis = wire::rndis;
using device::Checksum;
using fakes::Bytes;
using fakes::HypervHost;
using fakes::make_frame;
using fakes::make_packet;
using fakes::NetvscHost;
using fakes::operator+;
using Step = NetvscHost::Step;
using Answer = NetvscHost::Answer;

/// A driver, its host and its stack.
class Rig : public fakes::CardRig<Device> {
public:
    ~Rig() {
        packet.reset();
        bus.reset();
        end();
    }
    Result<void> open() {
        bus = std::make_unique<Bus>();
        EXPECT_TRUE(bus->connect());
        net.emplace();
        return net->open(*bus, bus->offers()[0]);
    }
    void start() {
        ASSERT_TRUE(open());
        net->start(sink);
        run();
        ASSERT_TRUE(net->link_up());
        ASSERT_EQ(host.undelivered(), 0u);
    }
    std::optional<Bytes> received_whole() {
        run();
        packet = sink.packets.pop_front();
        return packet ? std::optional(fakes::bytes_of_packet(*packet)) : std::nullopt;
    }
    /// The host is not believed any more, and nothing of it is used.
    void expect_down() {
        run();
        EXPECT_FALSE(net->link_up());
        EXPECT_EQ(sink.link_changes, 1u);
        transmit(make_packet(make_frame(60)));  // goes nowhere
        net->set_promiscuous(true);
        EXPECT_EQ(net->untaken(), 0u);
        run();
        EXPECT_EQ(sink.link_changes, 1u);
    }

    NetvscHost host;
    std::unique_ptr<Bus> bus;
    Owned<device::Packet> packet;
};

class HypervNet : public testing::Test, protected Rig {};

TEST_F(HypervNet, AgreesWithItsHost) {
    start();
    EXPECT_EQ(net->mac(), host.address);
    EXPECT_EQ(net->mtu(), 1500);
    EXPECT_STREQ(net->driver(), "netvsc");
    EXPECT_EQ(net->queue_pairs(), 1);
    auto& features = net->features();
    EXPECT_TRUE(features.send_checksum && features.receive_checksum && features.send_tcp4_segments && features.send_tcp6_segments);
    EXPECT_FALSE(features.send_udp_segments);
    EXPECT_EQ(features.max_send_size, 0xf53cu);
    EXPECT_EQ(host.steps.back(), Step::filter);
    EXPECT_EQ(host.filter, 0xdu);
    auto& set = host.parameters;
    for (u8 value : {set.ip4, set.tcp4, set.udp4, set.tcp6, set.udp6}) EXPECT_EQ(value, 4);
    EXPECT_EQ(set.segments4, 2);
    EXPECT_EQ(set.segments6, 2);
}

TEST_F(HypervNet, FramesOfAllSizesAreSent) {
    start();
    for (std::size_t size : {14u, 60u, 200u, 257u, 1514u, 6100u, 6101u, 9000u, 60000u}) {
        transmit(make_packet(make_frame(size)));
        ASSERT_EQ(host.take_wire(), std::vector<Bytes>{make_frame(size)}) << size;
        EXPECT_EQ(host.sent.back().in_section, size <= 6100) << size;
        EXPECT_FALSE(host.sent.back().sums);
        run();
        EXPECT_EQ(net->untaken(), 0u);
    }
    EXPECT_EQ(net->counters(0).packets_sent, 9u);
    EXPECT_EQ(net->counters(0).bytes_sent, 14u + 60 + 200 + 257 + 1514 + 6100 + 6101 + 9000 + 60000);
    EXPECT_EQ(net->counters(1).packets_sent, 0u);
}

TEST_F(HypervNet, FramesOfAllSizesAreReceived) {
    start();
    for (u32 round = 0; round < 300; ++round) {
        auto frame = make_frame(14 + round * 211 % 60000, static_cast<u8>(round));
        ASSERT_TRUE(host.deliver({frame})) << round;
        ASSERT_EQ(received_whole(), frame) << round;
        EXPECT_EQ(packet->checksum, Checksum::unknown);
        EXPECT_EQ(packet->layer_offset(device::Layer::link), 0);
        EXPECT_EQ(host.undelivered(), 0u);
    }
    EXPECT_EQ(net->counters(0).packets_received, 300u);
}

TEST_F(HypervNet, SegmentsAndSumsAreTheHosts) {
    start();
    for (bool v4 : {true, false}) {
        transmit(fakes::make_uncut_packet(host.address, v4));
        fakes::expect_cut(host.take_wire());
        transmit(fakes::make_tcp_packet(host.address, v4, 1000));
        auto sent = host.take_wire();
        ASSERT_EQ(sent.size(), 1u);
        EXPECT_TRUE(fakes::parse_frame(sent[0])) << v4;
        ASSERT_TRUE(host.sent.back().sums);
    }
}

}  // namespace
}  // namespace spore::drivers::hyperv::netvsc
