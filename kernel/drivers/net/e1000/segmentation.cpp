#include "kernel/drivers/net/e1000/segmentation.hpp"

#include "kernel/drivers/net/transmit_queue.hpp"
#include "wire/net/checksum.hpp"
#include "wire/net/ipv4.hpp"

namespace spore::drivers::e1000 {

using namespace wire::e1000;
using device::Layer;

namespace {
constexpr u32 ipv4_checksum = 10;    // [RFC 791 3.1]
constexpr u16 tcp_protocol = 6;
}  // namespace

ChecksumPlaces checksum_places(const device::Packet& packet) {
    auto network = static_cast<u32>(packet.layer_offset(Layer::network)), transport = static_cast<u32>(packet.layer_offset(Layer::transport));
    return {.ip_start = static_cast<u8>(network), .ip_field = static_cast<u8>(network + ipv4_checksum), .ip_last = static_cast<u16>(transport - 1),
            .transport_start = static_cast<u8>(transport), .transport_field = static_cast<u8>(transport + packet.checksum_offset)};
}

Segments prepare_segments(device::Packet& packet) {
    auto& ip = *reinterpret_cast<wire::ipv4::Header*>(packet.layer(Layer::network));
    auto* tcp = packet.layer(Layer::transport);
    ip.total_size = 0;
    ip.checksum = 0;
    // The pseudo-header's sum without the length, which differs from segment to segment.
    wire::InternetSum pseudo;
    pseudo.add(u16{tcp_protocol});
    pseudo.add(u32{ip.source});
    pseudo.add(u32{ip.destination});
    *reinterpret_cast<be16*>(tcp + packet.checksum_offset) = pseudo.fold();
    u32 header = tcp_payload_offset(packet);
    return {.payload = packet.size() - header, .header_size = static_cast<u8>(header)};
}

}  // namespace spore::drivers::e1000
