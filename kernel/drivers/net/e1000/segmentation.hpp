// What a packet must look like for the device to complete its checksums and to cut it [8254x 3.5, 3.6].
#pragma once

#include "kernel/device/packet.hpp"
#include "wire/e1000.hpp"

namespace spore::drivers::e1000 {

/// Of a packet with Checksum::partial, whose head begins with the link header.
wire::e1000::ChecksumPlaces checksum_places(const device::Packet& packet);

struct Segments {
    u32 payload;
    u8 header_size;
};
/// For a packet of TCP segments over IPv4: the device adds the lengths to the headers, and to their sums.
Segments prepare_segments(device::Packet& packet);

}  // namespace spore::drivers::e1000
