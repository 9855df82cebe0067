// A virtio-net driver with the card that it drives and the stack that it serves.
#pragma once

#include <gtest/gtest.h>

#include <optional>

#include "tests/fakes/virtio_net.hpp"

namespace spore::drivers {

using fakes::make_frame;
using fakes::make_packet;

/// A driver, its card and its stack. At its end all memory must be back, whatever the card did.
class VirtioNetRig {
public:
    ~VirtioNetRig() {
        sink.packets.clear();
        net.reset();
        EXPECT_EQ(memory::memory_use().free, free_before_);
    }

    /// The driver takes the card, as it is now.
    void start() {
        net.emplace(Owned<virtio::Device>(owned_.release()));
        ASSERT_TRUE(net->open());
        net->start(sink);
    }
    void transmit(Owned<device::Packet> packet) {
        device::PacketList list;
        list.push_back(std::move(packet));
        net->transmit(list);
    }
    /// Runs what was scheduled until nothing is left to do.
    static void run() {
        while (device::run_scheduled_jobs()) {}
    }
    /// The next packet that the stack got, as bytes.
    std::optional<fakes::Bytes> received() {
        run();
        auto packet = sink.packets.pop_front();
        if (!packet) return std::nullopt;
        return fakes::bytes_of_packet(*packet);
    }
    /// The card broke the rules, and the driver saw that.
    void expect_failed() {
        run();
        EXPECT_FALSE(net->link_up());
        EXPECT_EQ(sink.link_changes, 1u);
        EXPECT_EQ(card.status(), 0);
        EXPECT_TRUE(sink.packets.empty());
    }

private:
    u64 free_before_ = memory::memory_use().free;
    Owned<fakes::VirtioNetCard> owned_{new fakes::VirtioNetCard};

public:
    fakes::VirtioNetCard& card = *owned_;
    fakes::NetSink sink;
    std::optional<VirtioNet> net;
};

class VirtioNetTest : public testing::Test, protected VirtioNetRig {
protected:
    using Header = wire::virtio_net::Header;
};

enum class Ring : bool { split, packed };
/// What must be the same over both kinds of rings.
class VirtioNetOverRings : public testing::TestWithParam<Ring>, protected VirtioNetRig {
protected:
    using Header = wire::virtio_net::Header;
    VirtioNetOverRings() {
        if (GetParam() == Ring::packed) card.features |= wire::virtio::feature_ring_packed;
    }
};

}  // namespace spore::drivers
