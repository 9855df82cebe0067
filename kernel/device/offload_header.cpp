#include "kernel/device/offload_header.hpp"

namespace spore::device {

wire::virtio_net::Header offload_header(const Packet& packet) {
    wire::virtio_net::Header header{};
    if (packet.checksum != Checksum::partial) return header;
    auto transport = static_cast<u32>(packet.layer_offset(Layer::transport));
    header.flags = wire::virtio_net::needs_checksum;
    header.checksum_start = static_cast<u16>(transport);
    header.checksum_offset = packet.checksum_offset;
    if (packet.segmentation == Segmentation::none) return header;
    using Kind = wire::virtio_net::Segmentation;
    auto kind = packet.segmentation == Segmentation::tcp4 ? Kind::tcp4 : packet.segmentation == Segmentation::tcp6 ? Kind::tcp6 : Kind::udp;
    constexpr u32 udp_header = 8, tcp_data_offset = 12;  // [RFC 768, RFC 9293 3.1]
    u32 own = kind == Kind::udp ? udp_header
                                        : u32{static_cast<u8>(packet.layer(Layer::transport)[tcp_data_offset])} >> 4 << 2;
    header.segmentation = static_cast<u8>(kind);
    header.segment_size = packet.segment_size;
    header.header_size = static_cast<u16>(transport + own);
    return header;
}

}  // namespace spore::device
