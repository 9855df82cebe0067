// The stack's place above a driver under test.
#pragma once

#include <cstring>
#include <vector>

#include "kernel/device/net.hpp"

namespace spore::fakes {

using Bytes = std::vector<u8>;

/// Keeps packets until the test looks.
class NetSink final : public device::NetSink {
public:
    void receive(device::NetDevice&, device::PacketList& batch) override {
        ++batches;
        packets.append(batch);
    }
    void link_changed(device::NetDevice&) override { ++link_changes; }

    device::PacketList packets;
    unsigned batches = 0, link_changes = 0;
};

/// All bytes of a packet.
inline Bytes bytes_of_packet(const device::Packet& packet) {
    Bytes bytes(packet.size());
    packet.copy_out(0, std::as_writable_bytes(std::span(bytes)));
    return bytes;
}

/// A frame of `size` bytes, each of which tells its place.
inline Bytes make_frame(std::size_t size, u8 first = 0) {
    Bytes frame(size);
    for (std::size_t i = 0; i < size; ++i) frame[i] = static_cast<u8>(first + i + (i >> 8) * 7);
    return frame;
}

/// A packet of these bytes to be sent: what does not fit into a head lies in slices of frames. Null without memory.
inline Owned<device::Packet> make_packet(const Bytes& bytes, u32 headroom = device::Packet::send_headroom) {
    auto made = device::Packet::create(headroom);
    if (!made) return {};
    auto packet = std::move(*made);
    u32 in_head = std::min<u32>(packet->tailroom(), static_cast<u32>(bytes.size()));
    std::memcpy(packet->append(in_head).data(), bytes.data(), in_head);
    for (std::size_t at = in_head; at < bytes.size();) {
        auto allocated = memory::allocate_frames();
        if (!allocated) return {};
        auto frame = memory::FrameRef::adopt(*allocated);
        auto size = std::min(bytes.size() - at, page_size - 100);
        std::memcpy(frame.bytes() + 50, bytes.data() + at, size);
        if (!packet->add({std::move(frame), 50, static_cast<u32>(size)})) return {};
        at += size;
    }
    return packet;
}

}  // namespace spore::fakes
