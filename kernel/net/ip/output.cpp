#include "kernel/net/ip/output.hpp"

#include "wire/net/checksum.hpp"

namespace spore::net {

u16 pseudo_header_sum(const IpAddress& source, const IpAddress& destination, u8 protocol, u32 size) {
    // All in memory's order, 32 bits at a time; turned round once at the end. IPv4's zeros do not count, and its ff:ff twice is none.
    auto a = source.halves(), b = destination.halves();
    u64 sum;
    if (source.is_v4()) {
        sum = (a[1] >> 32) + (b[1] >> 32);
    } else {
        auto both = [](u64 word) { return (word & 0xffff'ffff) + (word >> 32); };
        sum = both(a[0]) + both(a[1]) + both(b[0]) + both(b[1]);
    }
    sum += __builtin_bswap32(protocol) + u64{__builtin_bswap32(size)};
    sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    return __builtin_bswap16(static_cast<u16>((sum & 0xffff) + (sum >> 16)));
}

namespace ip {

void put_header_v4(device::Packet& packet, u32 source, u32 destination, const IpOptions& options, u16 identification, u16 fragment) {
    u32 total = packet.size() + sizeof(wire::ipv4::Header);
    auto& header = *reinterpret_cast<wire::ipv4::Header*>(packet.push(sizeof(wire::ipv4::Header)).data());
    header.version_and_size = 0x45;
    header.traffic_class = options.traffic_class;
    header.total_size = static_cast<u16>(total);
    header.identification = identification;
    header.fragment = fragment;
    u8 hop_limit = options.hop_limit ? options.hop_limit : u8{64};
    header.hop_limit = hop_limit;
    header.protocol = options.protocol;
    header.source = source;
    header.destination = destination;
    u64 sum = u64{source} + destination + (0x4500u | options.traffic_class) + total + identification + fragment +
              (u32{hop_limit} << 8 | options.protocol);
    sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    header.checksum = static_cast<u16>(~((sum & 0xffff) + (sum >> 16)));
    packet.mark(device::Layer::network);
}

void put_header_v6(device::Packet& packet, const IpAddress& source, const IpAddress& destination, const IpOptions& options, u8 usual_hop_limit) {
    u32 payload = packet.size();
    auto& header = *reinterpret_cast<wire::ipv6::Header*>(packet.push(sizeof(wire::ipv6::Header)).data());
    header.version_class_flow = 6u << 28 | u32{options.traffic_class} << 20 | (options.flow_label & 0xf'ffff);
    header.payload_size = static_cast<u16>(payload);
    header.next = options.protocol;
    header.hop_limit = options.hop_limit ? options.hop_limit : usual_hop_limit;
    std::memcpy(header.source, source.bytes().data(), 16);
    std::memcpy(header.destination, destination.bytes().data(), 16);
    packet.mark(device::Layer::network);
}

void transmit_to(Interface& interface, const wire::ethernet::Mac& to, Owned<device::Packet> packet) {
    bool v4 = static_cast<u8>(packet->head()[0]) >> 4 == 4;
    auto& header = *reinterpret_cast<wire::ethernet::Header*>(packet->push(sizeof(wire::ethernet::Header)).data());
    std::memcpy(header.destination, to.data(), 6);
    std::memcpy(header.source, interface.mac().bytes.data(), 6);
    header.type = v4 ? wire::ethernet::type_ipv4 : wire::ethernet::type_ipv6;
    interface.transmit(std::move(packet));
}

void complete_checksum(device::Packet& packet) {
    u32 start = static_cast<u32>(packet.layer_offset(device::Layer::transport));
    wire::InternetSum sum;  // the field holds the pseudo-header's sum: it counts itself
    packet.for_each_piece(start, packet.size() - start, [&](ByteSpan piece) { sum.add(piece); });
    u16 checksum = sum.checksum();
    auto* at = packet.layer(device::Layer::transport) + packet.checksum_offset;
    // 0 means "none" for UDP, and the other zero is as good for all [RFC 768].
    *reinterpret_cast<be16*>(at) = checksum ? checksum : u16{0xffff};
    packet.checksum = device::Checksum::unknown;
}

Result<Owned<device::Packet>> part_of(const device::Packet& whole, u32 offset, u32 size, u32 headroom) {
    auto part = TRY(device::Packet::create(headroom));
    u32 head = static_cast<u32>(whole.head().size());
    if (offset < head) {
        u32 copied = std::min({head - offset, size, part->tailroom()});
        whole.copy_out(offset, part->append(copied));
        if (copied < size && offset + copied < head) return fail(Error::no_space);
        size -= copied;
        offset += copied;
    }
    offset -= offset > head ? head : offset;
    for (auto& slice : whole.slices()) {
        if (size == 0) break;
        if (offset >= slice.size) { offset -= slice.size; continue; }
        u32 taken = std::min(slice.size - offset, size);
        TRY(part->add({slice.frame, slice.offset + offset, taken}));
        size -= taken;
        offset = 0;
    }
    return part;
}

Result<Owned<device::Packet>> with_headroom(const device::Packet& packet) {
    // The head moves back; what does not fit behind it any more cannot be there: heads that begin near the front are short.
    auto roomy = TRY(part_of(packet, 0, packet.size(), 64));
    roomy->checksum = packet.checksum;
    roomy->checksum_offset = packet.checksum_offset;
    roomy->segmentation = packet.segmentation;
    roomy->segment_size = packet.segment_size;
    roomy->mark(device::Layer::network);
    roomy->pop(static_cast<u32>(packet.layer_offset(device::Layer::transport)));
    roomy->mark(device::Layer::transport);
    roomy->rewind(device::Layer::network);
    return roomy;
}

}  // namespace ip
}  // namespace spore::net
