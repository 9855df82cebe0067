// The driver of Hyper-V's network cards over a fake host, for its tests.
#pragma once

#include <memory>

#include "kernel/drivers/hyperv/net/device.hpp"
#include "tests/fakes/hyperv_net.hpp"
#include "tests/unit/kernel/drivers/card_rig.hpp"

namespace spore::drivers::hyperv::netvsc {

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
    std::optional<fakes::Bytes> received_whole() {
        run();
        packet = sink.packets.pop_front();
        return packet ? std::optional(fakes::bytes_of_packet(*packet)) : std::nullopt;
    }
    /// The host is not believed any more, and nothing of it is used.
    void expect_down() {
        run();
        EXPECT_FALSE(net->link_up());
        EXPECT_EQ(sink.link_changes, 1u);
        transmit(fakes::make_packet(fakes::make_frame(60)));  // goes nowhere
        net->set_promiscuous(true);
        EXPECT_EQ(net->untaken(), 0u);
        run();
        EXPECT_EQ(sink.link_changes, 1u);
    }

    fakes::NetvscHost host;
    std::unique_ptr<Bus> bus;
    Owned<device::Packet> packet;
};

}  // namespace spore::drivers::hyperv::netvsc
