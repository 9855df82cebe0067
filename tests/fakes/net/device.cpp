#include "tests/fakes/net/device.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/fakes/net/frames.hpp"

namespace spore::fakes {

using device::Checksum;
using device::Packet;
using device::PacketList;
using device::Segmentation;

Owned<Packet> NetDevice::make(const Bytes& frame, Checksum checksum) {
    auto made = Packet::create(0);
    if (!made) return {};
    auto packet = std::move(*made);
    u32 in_head = std::min<u32>({static_cast<u32>(frame.size()), head_bytes_, Packet::head_capacity});
    std::memcpy(packet->append(in_head).data(), frame.data(), in_head);
    for (std::size_t at = in_head; at < frame.size();) {
        auto allocated = memory::allocate_frames();
        if (!allocated) return {};
        auto ref = memory::FrameRef::adopt(*allocated);
        auto size = std::min(frame.size() - at, page_size);
        std::memcpy(ref.bytes(), frame.data() + at, size);
        if (!packet->add({std::move(ref), 0, static_cast<u32>(size)})) return {};
        at += size;
    }
    packet->mark(device::Layer::link);
    packet->checksum = options_.features.receive_checksum ? checksum : Checksum::unknown;
    ++counters_.packets_received;
    return packet;
}

void NetDevice::receive(Owned<Packet> packet) {
    PacketList batch;
    batch.push_back(std::move(packet));
    if (sink_) sink_->receive(*this, batch);
}

void NetDevice::receive(const Bytes& frame, Checksum checksum) {
    if (auto packet = make(frame, checksum)) receive(std::move(packet));
    else ++counters_.receive_no_memory;
}

void NetDevice::receive(const std::vector<Bytes>& frames) {
    PacketList batch;
    for (auto& frame : frames) {
        if (auto packet = make(frame, Checksum::unknown)) batch.push_back(std::move(packet));
        else ++counters_.receive_no_memory;
    }
    if (sink_ && !batch.empty()) sink_->receive(*this, batch);
}

void NetDevice::set_link(bool up) {
    up_ = up;
    if (sink_) sink_->link_changed(*this);
}

void NetDevice::sent(const Packet& packet) {
    auto& can = options_.features;
    // The stack must not ask for what the device has not offered.
    if (packet.checksum == Checksum::partial) EXPECT_TRUE(can.send_checksum);
    if (packet.segmentation == Segmentation::tcp4) EXPECT_TRUE(can.send_tcp4_segments);
    if (packet.segmentation == Segmentation::tcp6) EXPECT_TRUE(can.send_tcp6_segments);
    if (packet.segmentation == Segmentation::udp) EXPECT_TRUE(can.send_udp_segments);
    if (packet.segmentation != Segmentation::none) EXPECT_LE(packet.size(), can.max_send_size);
    for (auto& frame : on_the_wire(packet)) {
        EXPECT_LE(frame.size(), options_.mtu + 14u);
        ++counters_.packets_sent;
        counters_.bytes_sent += frame.size();
        if (on_frame) on_frame(std::move(frame));
        else sent_.push_back(std::move(frame));
    }
}

void NetDevice::transmit(PacketList& packets) {
    ++transmit_calls_;
    while (auto packet = packets.pop_front()) {
        if (!up_) continue;
        if (keep_packets_) packets_.push_back(std::move(packet));
        else sent(*packet);
    }
}

}  // namespace spore::fakes
