#include "kernel/net/tcp/filter.hpp"

#include <algorithm>

namespace spore::net::tcp {

bool passes_filter(const Filter& filter, Segment& segment, device::Packet& packet, const Interface* interface) {
    using device::Layer;
    constexpr u8 own = 0;  // PACKET_HOST
    u32 header = static_cast<u32>(-packet.layer_offset(Layer::transport));
    packet.rewind(Layer::transport);
    bool v4 = static_cast<u8>(*packet.layer(Layer::network)) >> 4 == 4;
    u32 most = filter.run(FilteredPacket::from_ip(packet, interface, v4, own));
    packet.truncate(std::max(most, header));
    packet.pop(header);
    segment.size = packet.size();
    if (!most) count_drop(Drop::filtered);
    return most;
}

}  // namespace spore::net::tcp
