// A packet's notes on checksums and segments as the header in front of its bytes: what virtio devices and TAP interfaces take and give.
#pragma once

#include "kernel/device/packet.hpp"
#include "wire/virtio_net.hpp"

namespace spore::device {

/// What is left to do with a packet to be sent, whose head begins with the link header.
wire::virtio_net::Header offload_header(const Packet& packet);

/// Notes what the header of a received packet says. False when it contradicts itself or the packet. Inline: it is on every packet's way.
inline bool note_offloads(Packet& packet, const wire::virtio_net::Header& header) {
    auto what = wire::virtio_net::parse(header, packet.size());
    if (!what) return false;
    if (what->verified) packet.checksum = Checksum::verified;
    if (!what->segment_size) return true;
    using wire::virtio_net::Segmentation;
    packet.segmentation = what->segmentation == Segmentation::tcp4 ? device::Segmentation::tcp4
                        : what->segmentation == Segmentation::tcp6 ? device::Segmentation::tcp6
                        : what->segmentation == Segmentation::udp  ? device::Segmentation::udp : device::Segmentation::none;
    packet.segment_size = what->segment_size;
    packet.segments = what->segments;
    return true;
}

}  // namespace spore::device
