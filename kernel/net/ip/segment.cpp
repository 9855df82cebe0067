// Cuts packets that stand for several, when the device cannot: TCP segments [RFC 9293] and UDP datagrams of equal size.
#include "kernel/net/ip/output.hpp"

namespace spore::net::ip {

namespace {

using device::Segmentation;

constexpr u32 udp_header = 8;

/// The TCP header's fields that differ from piece to piece.
struct TcpFields {
    be16 source, destination;
    be32 sequence, acknowledgement;
    u8 offset;
    u8 flags;
    be16 window, checksum, urgent;
};
static_assert(sizeof(TcpFields) == 20);
constexpr u8 fin = 0x01, push = 0x08, cwr = 0x80;

Result<u32> header_size(const device::Packet& packet) {
    auto head = packet.head();
    if (packet.segmentation == Segmentation::udp) return head.size() >= udp_header ? Result<u32>(udp_header) : fail(Error::corrupt);
    if (head.size() < sizeof(TcpFields)) return fail(Error::corrupt);
    u32 size = (static_cast<u8>(head[12]) >> 4) * 4u;
    if (size < sizeof(TcpFields) || size > head.size()) return fail(Error::corrupt);
    return size;
}

}  // namespace

Result<device::PacketList> segment(Owned<device::Packet> whole, const IpAddress& source, const IpAddress& destination) {
    u32 header = TRY(header_size(*whole));
    bool udp = whole->segmentation == Segmentation::udp;
    u32 payload = whole->size() - header, piece = whole->segment_size;
    if (piece == 0) return fail(Error::corrupt);
    device::PacketList pieces;
    for (u32 at = 0; at < payload; at += piece) {
        u32 size = std::min(piece, payload - at);
        bool last = at + size == payload;
        auto part = TRY(part_of(*whole, header + at, size, device::Packet::send_headroom));
        auto bytes = part->push(header);
        std::memcpy(bytes.data(), whole->head().data(), header);
        u16 sum = pseudo_header_sum(source, destination, udp ? 17 : 6, part->size());
        if (udp) {
            reinterpret_cast<be16*>(bytes.data())[2] = static_cast<u16>(part->size());
            reinterpret_cast<be16*>(bytes.data())[3] = sum;
        } else {
            auto& tcp = *reinterpret_cast<TcpFields*>(bytes.data());
            tcp.sequence = tcp.sequence + at;
            // FIN and PSH belong to the end, CWR to the beginning [RFC 3168 6.1.2].
            if (!last) tcp.flags = static_cast<u8>(tcp.flags & ~(fin | push));
            if (at != 0) tcp.flags = static_cast<u8>(tcp.flags & ~cwr);
            tcp.checksum = sum;
        }
        part->checksum = device::Checksum::partial;
        part->checksum_offset = udp ? 6 : 16;
        part->mark(device::Layer::transport);
        pieces.push_back(std::move(part));
    }
    return pieces;
}

}  // namespace spore::net::ip
