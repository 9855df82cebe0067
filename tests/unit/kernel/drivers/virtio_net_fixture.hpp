// A virtio-net driver with the card that it drives and the stack that it serves.
#pragma once

#include <gtest/gtest.h>

#include <optional>

#include "tests/fakes/virtio_net.hpp"

namespace spore::drivers {

/// A frame of `size` bytes, each of which tells its place.
inline fakes::Bytes make_frame(std::size_t size, u8 first = 0) {
    fakes::Bytes frame(size);
    for (std::size_t i = 0; i < size; ++i) frame[i] = static_cast<u8>(first + i + (i >> 8) * 7);
    return frame;
}

/// Packet of these bytes to be sent: what does not fit into a head lies in slices of frames.
inline Owned<device::Packet> make_packet(const fakes::Bytes& bytes, u32 headroom = device::Packet::send_headroom) {
    auto packet = std::move(*device::Packet::create(headroom));
    u32 in_head = std::min<u32>(packet->tailroom(), static_cast<u32>(bytes.size()));
    std::memcpy(packet->append(in_head).data(), bytes.data(), in_head);
    for (std::size_t at = in_head; at < bytes.size();) {
        auto frame = memory::FrameRef::adopt(*memory::allocate_frames());
        auto size = std::min(bytes.size() - at, page_size - 100);
        std::memcpy(frame.bytes() + 50, bytes.data() + at, size);
        EXPECT_TRUE(packet->add({std::move(frame), 50, static_cast<u32>(size)}));
        at += size;
    }
    return packet;
}

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

}  // namespace spore::drivers
