#include "kernel/drivers/hyperv/net/frame.hpp"

#include "wire/net/checksum.hpp"
#include "wire/net/ipv4.hpp"
#include "wire/net/ipv6.hpp"

namespace spore::drivers::hyperv::netvsc {

using namespace wire::rndis;
using device::Layer;
using device::Segmentation;

namespace {

constexpr u16 tcp_checksum_offset = 16, ethernet_ip6 = 0x86dd;  // [RFC 9293 3.1, 8200 3]

bool is_ip6(const device::Packet& packet) { return u16{*reinterpret_cast<const be16*>(packet.layer(Layer::network) - 2)} == ethernet_ip6; }

Info info_of(const device::Packet& packet) {
    auto transport = static_cast<u32>(packet.layer_offset(Layer::transport)) & largest_transport_offset;
    bool v6 = is_ip6(packet);
    Info info{{sizeof(Info), InfoKind::checksum, sizeof(InfoHead)}, 0};
    if (packet.segmentation != Segmentation::none) {
        info.head.kind = InfoKind::segments;
        info.value = packet.segment_size | transport << segments_transport_shift | segments_version_2 | (v6 ? segments_ip6 : 0);
    } else {
        info.value = (v6 ? sum_ip6 : sum_ip4) | (packet.checksum_offset == tcp_checksum_offset ? sum_tcp : sum_udp) | transport << sum_transport_shift;
    }
    return info;
}

/// The host writes the lengths, which differ from segment to segment: headers are without, and so is the pseudo-header's sum.
void leave_lengths_out(const device::Packet& packet, std::byte* frame) {
    auto transport = static_cast<u32>(packet.layer_offset(Layer::transport));
    auto* network = frame + packet.layer_offset(Layer::network);
    if (is_ip6(packet)) {
        reinterpret_cast<wire::ipv6::Header*>(network)->payload_size = 0;
    } else {
        auto& ip = *reinterpret_cast<wire::ipv4::Header*>(network);
        ip.total_size = 0;
        ip.checksum = 0;
    }
    auto& field = *reinterpret_cast<be16*>(frame + transport + packet.checksum_offset);
    wire::InternetSum sum;
    sum.add(u16{field});
    sum.add(static_cast<u16>(~(packet.size() - transport)));
    field = sum.fold();
}

}  // namespace

u32 frame_head_size_of(const device::Packet& packet) { return frame_head_size - (packet.checksum == device::Checksum::partial ? 0 : sizeof(Info)); }

void write_frame(const device::Packet& packet, u32 size, std::byte* to) {
    bool told = packet.checksum == device::Checksum::partial;
    u32 head_size = frame_head_size_of(packet), info_size = head_size - (frame_head_size - sizeof(Info));
    Head head{Kind::packet, head_size + packet.size()};
    Packet message{.data_offset = static_cast<u32>(sizeof(Packet)) + info_size, .data_bytes = packet.size(), .other_offset = 0, .other_bytes = 0, .others = 0,
                   .info_offset = told ? static_cast<u32>(sizeof(Packet)) : 0, .info_bytes = info_size, .connection = 0, .reserved = 0};
    std::memcpy(to, &head, sizeof head);
    std::memcpy(to + sizeof head, &message, sizeof message);
    if (told) {
        auto info = info_of(packet);
        std::memcpy(to + sizeof head + sizeof message, &info, sizeof info);
    }
    packet.copy_out(0, {to + head_size, size});
    if (told && packet.segmentation != Segmentation::none) leave_lengths_out(packet, to + head_size);
}

}  // namespace spore::drivers::hyperv::netvsc
